/**
 * The power of the search: every seeded bug is found, by random walks and, where it is not too deep, by
 * exhaustive search.
 */
import { describe, expect, it } from "vitest"
import { searchMutants } from "../../src/sim/mutants/catalogue-search.ts"
import { searchAll, walkAtRandom } from "../../src/sim/search/search.ts"
import { loadCores } from "../support/cores.ts"

describe("a cluster of mutated cores breaks a law", () => {
  for (const { id, edits, scope, tooDeep } of searchMutants) {
    it(id, async () => {
      const cores = await loadCores(edits)
      const walked = walkAtRandom(cores, scope, 10_000, 60)
      expect(walked.found?.broken, "by random walks").toBeDefined()
      if (tooDeep) return
      const searched = searchAll(cores, scope, 200_000)
      expect(searched.found?.broken, "by exhaustive search").toBeDefined()
      expect(searched.found!.steps.length).toBeLessThanOrEqual(walked.found!.steps.length)
    })
  }

  it("and a mutation that fits no source is refused", async () => {
    const edits = [{ file: "protocol/quorum.ts", find: "nothing of the kind", replace: "" }]
    await expect(loadCores(edits)).rejects.toThrow("stands there 0 times")
    await expect(loadCores([{ ...edits[0]!, file: "protocol/nowhere.ts" }])).rejects.toThrow("no such file")
  })
})
