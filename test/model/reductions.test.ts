/**
 * What the searches leave out, they may leave out: random runs without any reduction never come to what a
 * search to the end has not seen. A search of less has not seen all of it.
 */
import { describe, expect, it } from "vitest"
import { realCores } from "../../src/sim/search/cores.ts"
import { GroupModel } from "../../src/sim/search/group/model.ts"
import type { Scope } from "../../src/sim/search/group/scope.ts"
import { RegisterModel } from "../../src/sim/search/register/model.ts"
import { findScope } from "../../src/sim/search/scopes.ts"
import { everyState } from "../support/every-state.ts"
import { groupLook, partsOf, randomGroup } from "../support/random-group.ts"
import { randomRegister, registerLook } from "../support/random-register.ts"

const runs = 2000

const compare = (
  reached: ReadonlySet<string>,
  searched: ReadonlySet<string>,
  less: ReadonlySet<string>
): void => {
  expect([...reached].filter((look) => !searched.has(look))).toEqual([])
  expect([...reached].every((look) => less.has(look))).toBe(false)
}

/** How the register looks in each state that its search sees. */
const searchedRegister = (attempts: ReadonlyArray<number>): ReadonlySet<string> => {
  const model = new RegisterModel("register", realCores, { attempts })
  const { keepers, proposers, histories } = model.world
  const looks = new Set<string>()
  everyState(model, ({ words }) => {
    const lives = [0, 1, 2].map((at) => keepers.values[words[at]!]!.keeper)
    const begun = [3, 4].map((at) => proposers.values[words[at]!]!)
    looks.add(registerLook(lives, histories.values[words[5]!]!, begun, attempts))
  })
  return looks
}

it("random runs of the register come to nothing that its search has not seen", { timeout: 120_000 }, () => {
  const attempts = [1, 2]
  const looks = new Set<string>()
  for (let seed = 1; seed <= runs; seed++) randomRegister(seed, attempts, 60, (look) => looks.add(look))
  expect(looks.size).toBeGreaterThan(200)
  compare(looks, searchedRegister(attempts), searchedRegister([1, 1]))
})

const searchedGroup = (scope: Scope): ReadonlySet<string> => {
  const model = new GroupModel("group", realCores, scope)
  const looks = new Set<string>()
  everyState(model, (state) => looks.add(groupLook(partsOf(model, state))))
  return looks
}

describe("random runs of a group come to nothing that the search has not seen in", () => {
  for (const name of ["two-ballots", "three-ballots-pairs", "reads"]) {
    it(name, { timeout: 120_000 }, () => {
      const model = findScope(name)!.make(realCores) as GroupModel
      const { scope } = model
      const looks = new Set<string>()
      for (let seed = 1; seed <= runs; seed++)
        randomGroup(model, seed, 80, (parts) => looks.add(groupLook(parts)))
      expect(looks.size).toBeGreaterThan(100)
      compare(looks, searchedGroup(scope), searchedGroup({ ...scope, ballotsMax: scope.ballotsMax - 1 }))
    })
  }
})
