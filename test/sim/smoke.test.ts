/** Fifty seeds over all named simulations. */
import { describe, it } from "vitest"
import { scenarios } from "../../src/sim/scenarios/named.ts"
import { simulationTests } from "../../src/sim/vitest.ts"

const seedsOfAll = 50
const simulation = simulationTests((name, run, timeoutMs) => it(name, run, timeoutMs))

describe("seeds of the simulation", () => {
  for (const [index, scenario] of scenarios.entries()) {
    // One each, and another one for as many, from the first on, as make up the number.
    const seeds = Math.ceil((seedsOfAll - index) / scenarios.length)
    simulation(scenario.name, scenario, { seeds })
  }
})
