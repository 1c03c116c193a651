/** The example of the durable counter holds, and meets all that it is there to meet. */
import { simulationTests } from "aplomb/sim"
import { expect, it } from "vitest"
import { durableCounter } from "./durable-counter.ts"

simulationTests(it)("a counter over a file forgets nothing that it has told", durableCounter, {
  seeds: 40,
  demandCoverage: true
})

it("is struck by the faults of its own, at the points of its own, with its knob turned", () => {
  const runs = Array.from({ length: 40 }, (_, index) => durableCounter.run({ seed: index + 1 }))
  const strikes = new Set(runs.flatMap((run) => Object.keys(run.strikes)))
  for (const strike of ["crash-at-point", "buggify", "failed-change", "disk-stall"])
    expect(strikes).toContain(strike)
  expect(runs.some(({ struck }) => struck.includes("stalls#2"))).toBe(true)
  expect(runs.some(({ knobs }) => "durable-counter: pause" in knobs)).toBe(true)
  const [{ recipe, struck }] = runs.filter((run) => run.struck.includes("stalls#2")) as [(typeof runs)[0]]
  const without = durableCounter.run({ seed: Number(recipe), without: ["stalls#2"] })
  expect(without.struck.slice(0, struck.indexOf("stalls#2"))).toEqual(
    struck.slice(0, struck.indexOf("stalls#2"))
  )
  expect(without.struck).not.toContain("stalls#2")
})
