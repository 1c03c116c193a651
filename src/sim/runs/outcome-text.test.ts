/** What a run says that could not go on: who, and what to look for; no JSON. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Budgets } from "../kernel/kernel.ts"
import { type Simulation, simulate } from "../simulation.ts"
import { stuckText } from "./outcome-text.ts"

const failureOf = (simulation: Simulation, budgets: Budgets) =>
  simulation.chaosFor({ min: 100, max: 100 }).run({ seed: 1, budgets }).failure

const spinning = simulate("spinning").setup((world) => {
  world.addProcess({ name: "p", program: () => Effect.forever(Effect.yieldNow) })
})

describe("a simulation that cannot go on", () => {
  it("names the process that never comes to rest, and what to look for", () => {
    expect(failureOf(spinning, { stepsPerInstant: 2000 })).toEqual({
      kind: "kernel",
      name: "Livelock",
      message: expect.stringMatching(
        /^the process p never comes to rest: 2,001 tasks ran while virtual time stood still\. Look for a loop/
      )
    })
  })

  it("says which budget it has spent", () => {
    const message = (budgets: Budgets) => failureOf(spinning, budgets)?.message
    expect(message({ steps: 1500 })).toMatch(/^the run took all of its 1,500 tasks \(budget `steps`\)/)
    expect(message({ realMs: 0 })).toMatch(/real time \(budget `realMs`\)/)
    const idle = failureOf(simulate("idle"), { virtualMs: 50 })
    expect(idle?.message).toMatch(/^the run took all of its 50 ms of virtual time \(budget `virtualMs`\)/)
  })

  it("says of a deadlock who holds work back, or what is waited for", () => {
    const frozen = stuckText({ _tag: "Deadlock", frozen: ["a", "b"] })
    expect(frozen).toContain("it waits for a, b, which are frozen and hold work back")
    expect(stuckText({ _tag: "Deadlock", frozen: [] })).toContain("Look for a Deferred")
  })
})

describe("a process that can never go on", () => {
  it("is no finding by itself, but one where a workload has it as a client", () => {
    const alone = simulate("alone").setup((world) => {
      world.addProcess({ name: "p", program: () => Effect.never })
    })
    expect(failureOf(alone, {})).toBeUndefined()
    const asked = simulate("asked").workload(() => ({ name: "w", clientCount: 1, run: () => Effect.never }))
    expect(failureOf(asked, {})).toMatchObject({ kind: "recovery", name: "progress after faults" })
  })
})
