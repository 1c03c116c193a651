/** What computes without a pause is interrupted all the same. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

/** Longer than any machine needs until the first run has begun, shorter than all of them take. */
const underWayMs = 4000

describe("an interruption", () => {
  it("ends an exploration at once", { timeout: 60_000 }, async () => {
    const words = ["sim", "explore", "t019", "--runs", "100000"]
    const child = spawn(process.execPath, [main, ...words], { stdio: "ignore" })
    const ended = once(child, "exit")
    await sleep(underWayMs)
    child.kill("SIGINT")
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000)
    const [exitCode, signal] = await ended
    clearTimeout(late)
    expect([exitCode ?? 130, signal ?? "SIGINT"]).toEqual([130, "SIGINT"])
  })
})
