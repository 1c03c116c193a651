/** Plans: the same for the same seed, with every kind, and within their bounds. */
import { assert, describe, it } from "@effect/vitest"
import { type FaultKind, faultKinds, planOf } from "./plan.ts"

const kinds = Object.keys(faultKinds) as ReadonlyArray<FaultKind>
const options = { seed: 7, forMs: 60_000, kinds }

describe("a plan", () => {
  it("is the same for the same seed, and another one for another seed", () => {
    assert.deepStrictEqual(planOf(options), planOf(options))
    assert.notDeepEqual(planOf(options), planOf({ ...options, seed: 8 }))
  })

  it("has each kind once before any comes again, and no other", () => {
    const firstOnes = planOf(options).slice(0, kinds.length)
    assert.deepStrictEqual(firstOnes.map(({ kind }) => kind).sort(), [...kinds].sort())
    const few = planOf({ ...options, kinds: ["kill", "freeze"] })
    assert.deepStrictEqual(new Set(few.map(({ kind }) => kind)), new Set<FaultKind>(["kill", "freeze"]))
  })

  it("keeps every fault within the time of its kind", () => {
    for (let seed = 0; seed < 50; seed++) {
      for (const { kind, forMs } of planOf({ ...options, seed })) {
        const [fromMs, toMs] = faultKinds[kind]
        assert.isTrue(forMs >= fromMs && forMs <= toMs, `${kind} for ${forMs} ms`)
      }
    }
  })

  it("strikes leaders and followers, and lets some faults overlap", () => {
    const plan = planOf(options)
    assert.deepStrictEqual(new Set(plan.map(({ target }) => target)), new Set(["leader", "follower", "any"]))
    assert.isTrue(plan.some(({ overlaps }) => overlaps) && plan.some(({ overlaps }) => !overlaps))
  })
})
