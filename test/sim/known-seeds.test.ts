/** Seeds that once failed, each of which was a bug. */
import { describe, expect, it } from "vitest"
import { recipeOf } from "../../src/sim/runs/seeds.ts"
import { scenarioNamed } from "../../src/sim/scenarios/named.ts"
import known from "../seeds.json" with { type: "json" }

describe("a seed that once failed", () => {
  for (const { simulation, recipe, found } of known) {
    it(`${simulation} ${recipe}: ${found}`, () => {
      const scenario = scenarioNamed(simulation)
      expect(scenario, `there is no simulation ${simulation}`).toBeDefined()
      expect(scenario!.run({ seed: recipeOf(recipe) }).failure).toBeUndefined()
    })
  }
})
