/** Exploring simulations: it finds what luck does not, its recipes replay, and a cluster has much to show. */
import { Effect, Random } from "effect"
import { describe, expect, it } from "vitest"
import { unreachable, watermark } from "../assert.ts"
import { parseRecipe } from "../kernel/random.ts"
import { scenarioNamed } from "../scenarios/named.ts"
import { simulate } from "../simulation.ts"
import { type ExploredRuns, exploreRuns, exploreRunsOverWorkers } from "./explore-run.ts"

const gates = 6
const passed = watermark("gates passed in a row")
const through = unreachable("all gates were passed")

/** A process that tries ten times to pass six gates in a row, each open one time in ten. */
const gated = simulate("gates")
  .chaosFor({ min: 100, max: 100 })
  .setup((world) => {
    const tryOnce = Effect.gen(function* () {
      for (let gate = 1; gate <= gates; gate++) {
        if ((yield* Random.nextIntBetween(0, 10)) > 0) return
        passed.note(gate)
      }
      through.reach()
    })
    const program = Effect.andThen(Effect.repeat(tryOnce, { times: 9 }), Effect.never)
    world.addProcess({ name: "walker", program: () => program })
  })

describe("exploring a simulation", () => {
  it("finds within 400 runs what 400 seeds do not, and the recipe replays without it", () => {
    for (let seed = 1; seed <= 400; seed++) expect(gated.run({ seed }).failure).toBeUndefined()
    const { findings, runs } = exploreRuns(gated, { runsMax: 400 })
    expect(runs).toBeLessThan(400)
    const [recipe, failure] = [...findings][0]!
    expect(failure.name).toBe("all gates were passed")
    expect(gated.run({ seed: parseRecipe(recipe)! }).failure).toEqual(failure)
  })

  it("of a cluster goes on from what leaders and the master do", () => {
    const { known, runs } = exploreRuns(scenarioNamed("t019")!, { runsMax: 5 })
    expect(runs).toBe(5)
    expect(known).toBeGreaterThan(8)
  })
})

describe("an exploration over threads", () => {
  // More runs than are under way at a time: the last ones go on from what others came upon.
  const options = { seeds: [3], runsMax: 20 }
  const over = (jobs: number) => Effect.runPromise(exploreRunsOverWorkers("t019", jobs, options))
  const comparable = ({ campaign: { cpuMs: _, ...campaign }, ...report }: ExploredRuns) => ({
    ...report,
    campaign
  })

  it("makes the same runs, and comes upon the same, however many threads there are", async () => {
    const [one, two] = await Promise.all([over(1), over(2)])
    expect(comparable(two)).toEqual(comparable(one))
    const { known, campaign } = exploreRuns(scenarioNamed("t019")!, options)
    expect([known, campaign.figures]).toEqual([one.known, one.campaign.figures])
  })
})
