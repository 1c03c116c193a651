#!/usr/bin/env -S node --max-semi-space-size=16
/**
 * The program `aplomb`: loads the command line, compiled by an earlier run where there was one, and runs it.
 */
import { enableCompileCache } from "node:module"

// Most of what a short command takes is compiling; the cache keeps the result beside the system's temporary
// files.
enableCompileCache()
const { runCommandLine } = await import("./aplomb.ts")
runCommandLine()
