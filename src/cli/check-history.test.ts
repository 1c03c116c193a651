/** `aplomb check-history` as a command: its flags, its files, and the verdict that nothing may hide. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it, onTestFinished } from "vitest"
import { program, runCommand, runCommandWith } from "./run-command.test-support.ts"

const line = (process: number, type: string, f: string, value: unknown) =>
  `${JSON.stringify({ process, type, f, key: "x", value })}\n`

const check = (input: string | Uint8Array, ...flags: ReadonlyArray<string>) =>
  runCommand(["check-history", "-", "--json", ...flags], input)

const checkForPeople = (input: string, ...flags: ReadonlyArray<string>) =>
  runCommand(["check-history", "-", ...flags], input)

describe("aplomb check-history", () => {
  it("takes from a failed cas that another value was there, unless it is told not to", () => {
    const history =
      line(0, "invoke", "write", 1) +
      line(0, "ok", "write", 1) +
      line(0, "invoke", "cas", [1, 2]) +
      line(0, "fail", "cas", [1, 2])
    expect(check(history).status).toBe(1)
    expect(check(history, "--failed-cas", "observed").status).toBe(1)
    expect(check(history, "--failed-cas", "dropped").status).toBe(0)
  })

  it("keeps its verdict where the picture cannot be written", () => {
    const history = line(0, "invoke", "read", null) + line(0, "ok", "read", 5)
    const picture = ["--svg", "/no/such/picture.svg"]
    const complaint = /^aplomb: \/no\/such\/picture.svg cannot be written: .+\n$/
    const { status, stdout, stderr } = check(history, ...picture)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "not-linearizable" })
    expect(stderr).toMatch(complaint)
    expect(status).toBe(1)
    const [verdict, ...more] = checkForPeople(history, ...picture).stderr.split(/^(?=aplomb)/m)
    expect(verdict).toMatch(/^aplomb: not linearizable: /)
    expect(more).toEqual([expect.stringMatching(complaint)])
  })

  it("says that a picture could not be written also where there is nothing to draw", () => {
    const history = line(0, "invoke", "read", null) + line(0, "ok", "read", null)
    for (const path of ["/no/such/picture.svg", tmpdir()]) {
      const { status, stdout, stderr } = check(history, "--svg", path)
      expect(JSON.parse(stdout)).toMatchObject({ verdict: "linearizable" })
      expect(stderr).toMatch(/^aplomb: .+ cannot be written: .+\n$/)
      expect(status).toBe(2)
    }
    const path = join(mkdtempSync(join(tmpdir(), "aplomb-picture-")), "picture.svg")
    onTestFinished(() => rmSync(dirname(path), { recursive: true }))
    expect(check(history, "--svg", path)).toMatchObject({ status: 0, stderr: "" })
    expect(existsSync(path)).toBe(false)
  })

  it("says where the order of the lines is not that of their times", () => {
    const at = (time: number, type: string, f: string, value: unknown) =>
      `${JSON.stringify({ process: f, type, f, key: "x", value, time })}\n`
    const reading = at(10, "invoke", "read", null) + at(11, "ok", "read", 1)
    const writing = at(1, "invoke", "write", 1) + at(2, "ok", "write", 1)
    const { status, stdout, stderr } = checkForPeople(reading + writing)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "not-linearizable", earlierLines: 2 })
    expect(stderr).toMatch(/^2 lines have a `time` before that of a line above \(the first is line 3\): .+/)
    expect(status).toBe(1)
    const sorted = checkForPeople(writing + reading)
    expect(JSON.parse(sorted.stdout)).not.toHaveProperty("earlierLines")
    expect(sorted.stderr).not.toContain("`time`")
    expect(sorted.status).toBe(0)
  })

  it("does not call a history linearizable of which it understood nothing", () => {
    const event = (type: string) => `${JSON.stringify({ process: "a", f: "incr", type })}\n`
    const { status, stdout, stderr } = checkForPeople(`\n${event("invoke")}${event("ok")}`)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: "not-understood",
      line: 2,
      field: "f",
      skippedLines: 2
    })
    const sentence = "no operation was understood; 2 lines were left out (the first is line 2): "
    expect(stderr.startsWith(`aplomb: not understood: ${sentence}`), stderr).toBe(true)
    expect(status).toBe(2)
    expect(checkForPeople("").status).toBe(0)
  })

  it("says which lines it left out, and why", () => {
    const nemesis = `${JSON.stringify({ process: "nemesis", type: "info", f: "start" })}\n`
    const { status, stderr } = checkForPeople(nemesis + line(0, "invoke", "write", 1))
    const [leftOut, verdict] = stderr.split("\n")
    expect(leftOut).toMatch(
      /^line 1 was left out: `process` is a name there, and `f` is none of read, write, /
    )
    expect(verdict).toMatch(/^linearizable: /)
    expect(status).toBe(0)
  })

  it("says of a write without a value that it is missing", () => {
    const { status, stderr } = checkForPeople(line(0, "invoke", "write", undefined))
    expect(stderr).toBe(
      "aplomb: not understood: line 1: field `value` of write is missing; expected the value to write\n"
    )
    expect(status).toBe(2)
  })

  it("does not take different bytes that are no text for one value", () => {
    const [before, after] = line(0, "invoke", "write", "?").split("?")
    const history = Buffer.concat([Buffer.from(before!), Buffer.from([0xff]), Buffer.from(after!)])
    const { status, stdout, stderr } = check(history)
    const reason = "- cannot be read: line 1 is no UTF-8 text"
    expect([status, stderr]).toEqual([2, `aplomb: ${reason}\n`])
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "not-understood", operations: 0, line: 1, reason })
  })

  it("gives a verdict also of a file that is not there", () => {
    const { status, stdout } = runCommand(["check-history", "/nowhere/history.jsonl", "--json"])
    expect([status, JSON.parse(stdout).verdict]).toEqual([2, "not-understood"])
    expect(runCommand(["check-history", tmpdir(), "--json"]).status).toBe(2)
  })

  it("does not end as if a history were contradictory where it breaks down by itself", () => {
    const script = "Float64Array.from = () => { throw new RangeError('as broken as can be') }"
    const words = ["check-history", join("test", "histories", "stale-read.jsonl"), "--json"]
    const { status, stdout, stderr } = runCommandWith(script, words)
    expect(stderr).toMatch(/^aplomb: the check itself failed, which says nothing .+as broken as can be/)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "not-understood" })
    expect(status).toBe(2)
  })

  it("does not say that a history is contradictory where it cannot say anything", () => {
    const input = line(0, "invoke", "read", null) + line(0, "ok", "read", null)
    const command = `${process.execPath} ${program} check-history - > /dev/full`
    const { status, stderr } = spawnSync("/bin/bash", ["-c", command], { encoding: "utf8", input })
    expect(stderr).toMatch(/^aplomb: the output cannot be written: ENOSPC/)
    expect(status).toBe(2)
  })

  for (const [output, said] of [
    ["| head -c 0", /^aplomb: not linearizable: .+\n$/],
    ["> /dev/full", /^aplomb: the output cannot be written: ENOSPC.*\naplomb: not linearizable: .+\n$/]
  ] as const) {
    it(`ends with its verdict also with ${output}`, () => {
      const input = line(0, "invoke", "read", null) + line(0, "ok", "read", 5)
      const command = `set -o pipefail; ${process.execPath} ${program} check-history - ${output}`
      const { status, stderr } = spawnSync("/bin/bash", ["-c", command], { encoding: "utf8", input })
      expect(stderr).toMatch(said)
      expect(status).toBe(1)
    })
  }

  it("waits for what is written to it later", async () => {
    const child = spawn(process.execPath, [program, "check-history", "-"], {
      stdio: ["pipe", "pipe", "ignore"]
    })
    const ended = once(child, "exit")
    await sleep(1500)
    child.stdin.write(line(0, "invoke", "read", null))
    await sleep(100)
    child.stdin.end(line(0, "ok", "read", 5))
    expect(await ended).toEqual([1, null])
  })
})
