/**
 * The power of the search: every seeded bug is found, by random walks and by exhaustive search, and the way
 * to it is made short.
 */
import { describe, expect, it } from "vitest"
import { searchMutants } from "../../src/sim/mutants/catalogue-search.ts"
import { exhaustiveMutants } from "../../src/sim/mutants/catalogue-search-exhaustive.ts"
import { searchAll } from "../../src/sim/search/exhaustive.ts"
import { walk } from "../../src/sim/search/portfolio.ts"
import { findScope } from "../../src/sim/search/scopes.ts"
import { shrink } from "../../src/sim/search/shrink.ts"
import { strategies, swarm } from "../../src/sim/search/strategies.ts"
import { loadCores } from "../support/cores.ts"

const stepsMax = 20

describe("in some state of its scope a law is broken, and few steps lead there, if", () => {
  for (const { id, edits, scope } of exhaustiveMutants) {
    it(id, async () => {
      const model = findScope(scope)!.make(await loadCores(edits))
      const { found } = searchAll(model, { statesMax: 1_000_000 })
      expect(found?.broken).toBeDefined()
      expect(found!.actions.length).toBeLessThanOrEqual(stepsMax)
    })
  }
})

describe("a cluster of mutated cores breaks a law", () => {
  for (const { id, edits, scope } of searchMutants) {
    it(id, async () => {
      const cores = await loadCores(edits)
      const { make } = findScope(scope)!
      const model = make(cores)
      const { found } = walk(model, [swarm], { walksMax: 50_000 })
      expect(found?.broken, "by random walks").toBeDefined()
      expect(shrink(model, found!).actions.length).toBeLessThanOrEqual(stepsMax)
      const searched = searchAll(make(cores), { statesMax: 20_000 })
      if (searched.found !== undefined)
        expect(searched.found.actions.length).toBeLessThanOrEqual(found!.actions.length)
      else expect(searched.isComplete, "the exhaustive search only is not through yet").toBe(false)
    })
  }

  for (const strategy of strategies) {
    it(`${strategy.name} finds that an older issued ballot is activated`, async () => {
      const { edits, scope } = searchMutants.find(({ id }) => id.startsWith("latest"))!
      const model = findScope(scope)!.make(await loadCores(edits))
      const { found } = walk(model, [strategy], { walksMax: 50_000 })
      expect(found?.broken).toMatch(/^(survival|agreement|chosen is synced)/)
      expect(shrink(model, found!).actions.length).toBeLessThanOrEqual(stepsMax)
    })
  }

  it("and a mutation that fits no source is refused", async () => {
    const edits = [{ file: "protocol/quorum.ts", find: "nothing of the kind", replace: "" }]
    await expect(loadCores(edits)).rejects.toThrow("stands there 0 times")
    await expect(loadCores([{ ...edits[0]!, file: "protocol/nowhere.ts" }])).rejects.toThrow("no such file")
  })
})
