/** A stretch of a history refutes it only if it is not linearizable. */
import { expect, it } from "vitest"
import { checkPartitions, partitionByKey } from "../../src/sim/history/check.ts"
import { kvModel } from "../../src/sim/history/register.ts"
import { refuteByWindow } from "../../src/sim/history/window.ts"
import { Dice, damage, generate } from "./generate.ts"

it("what a stretch refutes is not linearizable, and most of what is not linearizable is refuted", () => {
  const kinds = ["get", "get", "put", "cas", "append"]
  let refuted = 0
  let broken = 0
  for (let seed = 1; seed <= 200; seed++) {
    const dice = new Dice(seed)
    // Without append in half of them: only then is there a guard.
    const recipe = {
      operations: 60,
      processes: 4,
      keys: 1,
      values: 4,
      kinds: kinds.slice(0, seed % 2 === 0 ? 4 : 5)
    }
    const failedCas = seed % 3 === 0 ? "observed" : "dropped"
    const history = damage(dice, generate(dice, { ...recipe, openPercent: 4, failPercent: 0 }), 4)
    const model = kvModel({ failedCas })
    const partitions = partitionByKey(model, history)
    if (typeof partitions === "string") throw new Error(partitions)
    const { verdict } = checkPartitions(model, partitions, { fastPaths: false })
    const partition = partitions.get(0)!
    if (verdict === "not-linearizable") broken++
    // Every place is tried, since a claim must be right wherever it is made.
    const claims = [...partition.dones].filter(
      (done) => done !== Number.POSITIVE_INFINITY && refuteByWindow(model, partition, done, 100_000).isRefuted
    )
    if (verdict === "linearizable") expect(claims, `seed ${seed}`).toEqual([])
    else if (claims.length > 0) refuted++
  }
  expect(broken).toBeGreaterThan(20)
  expect(refuted).toBeGreaterThan(broken / 2)
})
