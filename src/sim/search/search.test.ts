/**
 * Search of the real cores: agreement, survival and the other laws hold in every state that they can reach.
 */
import { describe, expect, it } from "vitest"
import { realCores } from "./cores.ts"
import { searchAll } from "./exhaustive.ts"
import { walk } from "./portfolio.ts"
import { findScope, scopes } from "./scopes.ts"
import { strategies } from "./strategies.ts"

const small = [
  "two-ballots",
  "two-ballots-two-slots",
  "two-ballots-late-disks",
  "two-ballots-reconfigured",
  "three-ballots-pairs",
  "triples-stale-entry",
  "outsiders",
  "foretold-late-disks",
  "leases",
  "reads",
  "reads-reconfigured",
  "register",
  "register-second-attempt"
]

describe("in every state of a scope the laws hold, and it has as many as it is said to have", () => {
  for (const name of small) {
    it(name, () => {
      const { make, states } = findScope(name)!
      const searched = searchAll(make(realCores))
      expect(searched.found).toBeUndefined()
      expect(searched.isComplete).toBe(true)
      expect(searched.states).toBe(states)
    })
  }
})

describe("random walks", () => {
  for (const { name, make } of scopes) {
    it(`find nothing in ${name}`, () => {
      expect(walk(make(realCores), strategies, { walksMax: 150 }).found).toBeUndefined()
    })
  }
})
