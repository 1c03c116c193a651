/**
 * Exhaustive search in small scope: agreement and survival hold in every state that the real cores can reach.
 */
import { describe, expect, it } from "vitest"
import { anySets, searchMutants, twoBallots } from "../mutants/catalogue-search.ts"
import { realCores } from "./cores.ts"
import { searchAll, walkAtRandom } from "./search.ts"
import type { Scope } from "./world.ts"

const oneBallot: Scope = { ...anySets, ballotsMax: 3 }

const scopes: ReadonlyArray<readonly [claim: string, scope: Scope, states: number]> = [
  ["one ballot over any acceptors of three, one retired", oneBallot, 50_000],
  ["one ballot over pairs, every message twice, one retired", duplicated(oneBallot), 100_000],
  ["two ballots over pairs", twoBallots, 50_000],
  ["one ballot over pairs, two slots", { ...twoBallots, ballotsMax: 3, slotsMax: 2 }, 1000]
]

function duplicated(scope: Scope): Scope {
  return { ...scope, initial: [0, 1], sets: twoBallots.sets, duplicates: true }
}

/** For a long search: how many states each of the wide scopes may take. */
const wideStatesMax = Number(process.env["APLOMB_SEARCH_STATES"] ?? 20_000)

describe("in every reachable state agreement and survival hold", () => {
  for (const [claim, scope, states] of scopes) {
    it(`with ${claim}`, () => {
      const searched = searchAll(realCores, scope, 1_000_000)
      expect(searched.found).toBeUndefined()
      expect(searched.complete).toBe(true)
      expect(searched.states).toBeGreaterThan(states)
    })
  }

  for (const [index, scope] of [...new Set(searchMutants.map((mutant) => mutant.scope))].entries()) {
    it(`as far as a search of bounded size goes, in wide scope ${index}`, () => {
      expect(searchAll(realCores, scope, wideStatesMax).found).toBeUndefined()
      expect(walkAtRandom(realCores, scope, wideStatesMax / 20, 60).found).toBeUndefined()
    })
  }
})
