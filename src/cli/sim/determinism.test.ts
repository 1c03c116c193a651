/** Each seed is run in each scheduling mode, in two processes. */
import { describe, expect, it } from "vitest"
import { runCommand } from "../run-command.test-support.ts"
import { schedulerOf } from "./digests.ts"

describe("aplomb sim", () => {
  it("digests prints a line for each seed in each mode", () => {
    const { status, stdout } = runCommand("sim digests t019 --seeds 2 --from 7".split(" "))
    const lines = stdout.trimEnd().split("\n")
    const heads = lines.map((line) => line.split(" ").slice(0, 2).join(" "))
    expect(heads).toEqual(["7 inline", "7 hop", "7 preempt", "8 inline", "8 hop", "8 preempt"])
    expect(new Set(lines.map((line) => line.split(" ")[2])).size).toBe(6)
    expect(status).toBe(0)
  })

  it("digests are of runs whose tasks are chosen by priorities, too", () => {
    expect([4, 5].map((seed) => schedulerOf(seed, "hop").choice)).toEqual(["uniform", "priorities"])
  })

  it("determinism compares them between two processes", () => {
    const { status, stdout } = runCommand("sim determinism t019 --seeds 3 --jobs 4".split(" "))
    const how = "in each of the modes inline, hop, preempt, in two processes, in one of them the last first"
    expect(stdout).toBe(`3 seeds of t019, ${how}: all digests are equal\n`)
    expect(status).toBe(0)
  })
})
