/** The tutorial of the simulator does what it says: two bugs are found, and the third lock holds. */
import { shrinkRun, simulationTests } from "aplomb/sim"
import { expect, it } from "vitest"
import { firstFailure } from "./find.ts"
import { lockSimulation } from "./simulation.ts"

it("a lock that fences nothing loses an update within 20 seeds, and again from the seed that says so", () => {
  const simulation = lockSimulation("nothing")
  const { seed, failure } = firstFailure(simulation, 20)!
  expect(failure.name).toBe("every write builds on the one before")
  expect(simulation.run({ seed }).failure).toEqual(failure)
})

it("a lock that fences writes alone still does: a reader can be overtaken before anybody has written", () => {
  expect(firstFailure(lockSimulation("writes"), 60)?.failure.name).toBe(
    "every write builds on the one before"
  )
})

it("a failure is made smaller, and stays the same failure", () => {
  const simulation = lockSimulation("nothing")
  const { seed } = firstFailure(simulation, 20)!
  const before = simulation.run({ seed })
  const shrunk = shrinkRun(simulation, { seed, reseeds: [] }, { runsMax: 120 })!
  expect(shrunk.failure.law).toBe(before.failure!.name)
  expect(shrunk.failure.size).toBeLessThan(before.figures.steps / 2)
})

simulationTests(it)("a lock that fences reads and writes loses nothing", lockSimulation("reads and writes"), {
  seeds: 30,
  demandCoverage: true
})
