/** Fifty seeds over all named simulations, those that once failed first. */
import { describe, expect, it } from "vitest"
import { scenarioNamed, scenarios } from "../../src/sim/scenarios/named.ts"
import { simulationTests } from "../../src/sim/vitest.ts"
import known from "../seeds.json" with { type: "json" }

const seedsOfAll = 50
const simulation = simulationTests((name, run, timeoutMs) => it(name, run, timeoutMs))

describe("seeds of the simulation", () => {
  for (const [index, scenario] of scenarios.entries()) {
    // One each, and another one for as many, from the first on, as make up the number.
    const seeds = Math.ceil((seedsOfAll - index) / scenarios.length)
    simulation(scenario.name, scenario, { seeds, known })
  }
})

describe("known seeds", () => {
  it("belong to simulations that there are", () => {
    const absent = known.filter((entry) => scenarioNamed(entry.simulation) === undefined)
    expect(absent).toEqual([])
  })
})
