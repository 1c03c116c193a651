#!/usr/bin/env -S node --max-semi-space-size=16
/**
 * The program `aplomb`: loads the command line, compiled by an earlier run where there was one, and runs it.
 */
import * as modules from "node:module"
import { tooOld } from "./engine.ts"

const refusal = tooOld(process.versions.node)
if (refusal === undefined) {
  // Most of what a short command takes is compiling; the cache keeps the result beside the system's temporary
  // files.
  modules.enableCompileCache()
  const { runCommandLine } = await import("./aplomb.ts")
  runCommandLine()
} else {
  process.stderr.write(`${refusal}\n`)
  process.exitCode = 2
}
