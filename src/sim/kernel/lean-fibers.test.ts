/** A campaign's thread, whose fibers keep no context of Node, runs the same seeds to the same digests. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { runSeedsOverWorkers } from "../runs/run-seeds.ts"
import { scenarioNamed } from "../scenarios/named.ts"

it("a run is the same in a thread with lean fibers and in one without", async () => {
  const inThread = new Map<string, string>()
  const campaign = runSeedsOverWorkers("t019", 1, {
    recipes: ["1", "2"].values(),
    stop: {},
    onRun: ({ recipe, digest }) => void inThread.set(recipe, digest)
  })
  await Effect.runPromise(campaign)
  const here = [1, 2].map((seed) => [String(seed), scenarioNamed("t019")!.run({ seed }).digest] as const)
  expect([...inThread].sort()).toEqual(here)
})
