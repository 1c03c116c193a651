/** What computes without a pause, or waits in the system, is interrupted all the same. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, it } from "vitest"
import { program } from "./run-command.test-support.ts"

/** Longer than any machine needs until the first run has begun, shorter than all of them take. */
const underWayMs = 4000

/** A named pipe to which nobody writes. */
const silentPipe = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "aplomb-interrupt-"))
  const path = join(directory, "pipe")
  execFileSync("/bin/sh", ["-c", 'mkfifo "$0"', path])
  return path
}

const interrupted = async (words: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [program, ...words], { stdio: ["pipe", "ignore", "ignore"] })
  const ended = once(child, "exit")
  await sleep(underWayMs)
  child.kill("SIGINT")
  const late = setTimeout(() => child.kill("SIGKILL"), 60_000)
  const [exitCode, signal] = await ended
  clearTimeout(late)
  // A shell makes 130 of either.
  return [exitCode ?? 130, signal ?? "SIGINT"]
}

describe.concurrent("an interruption", () => {
  for (const [title, words] of [
    ["an exploration", ["sim", "explore", "t019", "--runs", "100000"]],
    ["the wait for a history", ["check-history", "-"]]
  ] as const) {
    it(`ends ${title} at once`, async ({ expect }) => {
      expect(await interrupted(words)).toEqual([130, "SIGINT"])
    })
  }

  for (const words of [["kv", "load"], ["check-history"]]) {
    it(`ends the wait for whoever writes to a named pipe: ${words.join(" ")}`, async ({
      expect,
      onTestFinished
    }) => {
      const pipe = silentPipe()
      onTestFinished(() => rmSync(dirname(pipe), { recursive: true, force: true }))
      expect(await interrupted([...words, pipe])).toEqual([130, "SIGINT"])
    })
  }
})
