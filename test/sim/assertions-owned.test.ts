/** No assertion goes by a name that no run has: it would never be demanded, and never be missed. */
import { expect, it } from "vitest"
import { declaredAssertions } from "../../src/sim/assert.ts"
import { guided } from "../../src/sim/mutants/scenarios/guided.ts"
import { scenarios } from "../../src/sim/scenarios/named.ts"
import { scopesOf } from "../../src/sim/scopes.ts"

it("demands every assertion of a simulation, workload or family of faults that there is", () => {
  const owners = new Set<string>()
  for (const { name, spec } of [...scenarios, ...guided]) {
    owners.add(name)
    for (const family of spec.families) owners.add(family.name)
  }
  // Workloads have their names once a run has made them.
  for (const simulation of scenarios)
    for (const scope of simulation.chaosFor({ min: 0, max: 0 }).run({ seed: 1 }).scopes) owners.add(scope)
  const scoped = declaredAssertions().flatMap(({ name }) => scopesOf(name))
  expect(scoped.length).toBeGreaterThan(40)
  expect([...new Set(scoped)].filter((scope) => !owners.has(scope))).toEqual([])
})
