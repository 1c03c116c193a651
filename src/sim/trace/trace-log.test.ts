/** What is logged inside a run: in the trace, equal for equal runs, and nowhere else. */
import { Cause, Effect } from "effect"
import { describe, expect, it, vi } from "vitest"
import { Kernel } from "../kernel/kernel.ts"
import type { TraceEntry } from "./trace.ts"

/** Runs a program on node `a` for a second; the digest, and what was logged. */
const runOf = (program: Effect.Effect<unknown>, isHeard = true) => {
  const entries: Array<TraceEntry> = []
  const kernel = new Kernel({ seed: 1, ...(isHeard ? { listen: (entry) => entries.push(entry) } : {}) })
  kernel.addNode("a").boot().start(program)
  kernel.run(Effect.sleep("1 second"))
  return { digest: kernel.digest(), logged: entries.filter(({ kind }) => kind === "log") }
}

describe("what is logged inside a run", () => {
  it("is an entry of the trace with its node, level and text, and is not printed", () => {
    const printed: Array<unknown> = []
    const spies = (["log", "error", "warn", "info"] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation((...values) => printed.push(values))
    )
    const program = Effect.gen(function* () {
      yield* Effect.sleep(5)
      yield* Effect.logError("leader crashed", Cause.die(new TypeError("no such slot")))
      yield* Effect.logWarning("behind", { slots: 3 }).pipe(Effect.annotateLogs("group", "main"))
      yield* Effect.logDebug("said to nobody")
    })
    const { logged } = runOf(program)
    for (const spy of spies) spy.mockRestore()
    expect(logged).toEqual([
      {
        timeMicros: 5000,
        kind: "log",
        node: "a",
        level: "Error",
        text: "leader crashed, defect TypeError: no such slot"
      },
      { timeMicros: 5000, kind: "log", node: "a", level: "Warn", text: 'behind, {"slots":3}, group=main' }
    ])
    expect(printed).toEqual([])
  })

  it("has no places of this machine in it", () => {
    const error = new Error(`cannot load ${import.meta.url}\n    at work (/home/me/main.ts:1:2)`)
    const { logged } = runOf(
      Effect.logError(error, { stack: "Error: no\n    at work (/home/me/main.ts:1:2)" })
    )
    expect(logged[0]!["text"]).toBe('Error: cannot load trace-log.test.ts, {"stack":"Error: no"}')
  })

  it("is part of the digest where it is an error, heard or not; what is less changes none", () => {
    const silent = runOf(Effect.void).digest
    const error = runOf(Effect.logError("one")).digest
    expect(runOf(Effect.logError("one"), false).digest).toBe(error)
    expect(new Set([silent, error, runOf(Effect.logError("two")).digest]).size).toBe(3)
    expect(runOf(Effect.logWarning("one")).digest).toBe(silent)
    expect(runOf(Effect.logWarning("one"), false).digest).toBe(silent)
  })
})
