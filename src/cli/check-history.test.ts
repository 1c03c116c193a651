/** `aplomb check-history` as a command: its flags, its files, and the verdict that nothing may hide. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { runCommand } from "./run-command.test-support.ts"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

const line = (process: number, type: string, f: string, value: unknown) =>
  `${JSON.stringify({ process, type, f, key: "x", value })}\n`

const check = (input: string | Uint8Array, ...flags: ReadonlyArray<string>) =>
  runCommand(["check-history", "-", "--json", ...flags], input)

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

  it("prints the verdict where the picture cannot be written", () => {
    const history = line(0, "invoke", "read", null) + line(0, "ok", "read", 5)
    const { status, stdout, stderr } = check(history, "--svg", "/no/such/picture.svg")
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "not-linearizable" })
    expect(stderr).toMatch(/^aplomb: \/no\/such\/picture.svg cannot be written: .+\n$/)
    expect(status).toBe(2)
  })

  it("does not take different bytes that are no text for one value", () => {
    const [before, after] = line(0, "invoke", "write", "?").split("?")
    const history = Buffer.concat([Buffer.from(before!), Buffer.from([0xff]), Buffer.from(after!)])
    const { status, stdout, stderr } = check(history)
    expect([status, stdout, stderr]).toEqual([2, "", "aplomb: - cannot be read: it is no UTF-8 text\n"])
  })

  for (const [output, said] of [
    ["| head -c 0", /^aplomb: not linearizable: .+\n$/],
    ["> /dev/full", /^aplomb: the output cannot be written: ENOSPC.*\naplomb: not linearizable: .+\n$/]
  ] as const) {
    it(`ends with its verdict also with ${output}`, () => {
      const input = line(0, "invoke", "read", null) + line(0, "ok", "read", 5)
      const command = `set -o pipefail; ${process.execPath} ${main} check-history - ${output}`
      const { status, stderr } = spawnSync("/bin/bash", ["-c", command], { encoding: "utf8", input })
      expect(stderr).toMatch(said)
      expect(status).toBe(1)
    })
  }

  it("waits for what is written to it later", async () => {
    const child = spawn(process.execPath, [main, "check-history", "-"], { stdio: ["pipe", "pipe", "ignore"] })
    const ended = once(child, "exit")
    await sleep(1500)
    child.stdin.write(line(0, "invoke", "read", null))
    await sleep(100)
    child.stdin.end(line(0, "ok", "read", 5))
    expect(await ended).toEqual([1, null])
  })
})
