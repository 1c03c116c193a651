/** How long candidates wait for each other: by the configuration, and by how far away the masters are. */
import { assert, describe, it } from "@effect/vitest"
import { attemptMs, type CandidateOptions, staggerMs } from "./candidate-options.ts"

const at = (paceMs: number) =>
  ({
    settings: { heartbeatIntervalMs: 50 },
    context: { master: { paceMs: () => paceMs } }
  }) as unknown as CandidateOptions

describe("what candidates leave each other", () => {
  it("is a matter of the configuration where a master is near, or nobody knows how far it is", () => {
    for (const paceMs of [0, 5, 25])
      assert.deepStrictEqual([staggerMs(at(paceMs)), attemptMs(at(paceMs))], [100, 250])
  })

  it("is enough for a change of the register, and for two and a round, where it is far away", () => {
    for (const roundMs of [100, 300]) {
      assert.isAbove(staggerMs(at(roundMs)), 3 * roundMs)
      assert.isAbove(attemptMs(at(roundMs)), (3 + 1) * roundMs)
    }
  })
})
