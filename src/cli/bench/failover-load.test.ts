/** How long nobody was answered, out of the times of answers. */
import { assert, describe, it } from "@effect/vitest"
import { longestPauseMs } from "./failover-load.ts"

describe("the longest pause", () => {
  it("is the longest time between two acknowledgements, from the one before the event on", () => {
    assert.strictEqual(longestPauseMs([10, 20, 30, 330, 340], 32, 1000, 345), 300)
    assert.strictEqual(longestPauseMs([10, 20, 30, 330, 900], 332, 1000, 905), 570)
  })

  it("counts a pause that begins before the end and ends behind it, and none that begins later", () => {
    assert.strictEqual(longestPauseMs([10, 20, 700, 5000], 15, 500, 6000), 680)
    assert.strictEqual(longestPauseMs([10, 20, 30, 40, 50, 5000], 15, 45, 6000), 10)
  })

  it("lasts until now where nobody was answered since", () => {
    assert.strictEqual(longestPauseMs([10, 20], 25, 500, 900), 880)
    assert.strictEqual(longestPauseMs([], 25, 500, 900), 875)
  })
})
