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

/** What a campaign prints that is interrupted after some runs, and its exit code. */
const interruptedCampaign = async (
  words: ReadonlyArray<string>,
  afterMs = 2 * underWayMs
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> => {
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "pipe"] })
  const ended = once(child, "close")
  let [stdout, stderr] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  await sleep(afterMs)
  child.kill("SIGINT")
  const [exitCode] = await ended
  // On a busy machine there may have been no run yet.
  if (stdout === "" && afterMs < 100_000) return interruptedCampaign(words, 2 * afterMs)
  return { exitCode, stdout, stderr }
}

describe.concurrent("an interruption", () => {
  for (const command of ["run", "explore"])
    it(`has a campaign say what it came to: sim ${command}`, async ({ expect }) => {
      const many = command === "run" ? ["--seeds", "100000"] : ["--runs", "100000"]
      const words = ["sim", command, "t019", ...many, "--jobs", "1", "--json"]
      const { exitCode, stdout, stderr } = await interruptedCampaign(words)
      expect(stderr).toMatch(/^aplomb: interrupted after \d+ runs; this is what they came to\n$/)
      const told = JSON.parse(stdout)
      expect(told).toMatchObject({ simulation: "t019", interrupted: true, findings: [] })
      expect(told.runs).toBeGreaterThan(0)
      expect(exitCode).toBe(130)
    })

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
