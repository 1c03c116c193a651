/** The lock that holds keeps holding. */
import { simulationTests } from "aplomb/sim"
import { it } from "vitest"
import { lockSimulation } from "./simulation.ts"

simulationTests(it)("a lock that fences reads and writes loses nothing", lockSimulation("reads and writes"), {
  seeds: 30,
  demandCoverage: true
})
