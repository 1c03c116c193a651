/** Scenarios that lead a run to where certain bugs live, in less time than the general ones need. */
import { scenarioNamed } from "../../scenarios/named.ts"
import type { Simulation } from "../../simulation.ts"
import { leaderScenarios } from "./guided-leaders.ts"
import { storageScenarios } from "./guided-storage.ts"
import { wordScenarios } from "./guided-words.ts"

/** Those that lead, in the order of their files. */
export const guided: ReadonlyArray<Simulation> = [...leaderScenarios, ...storageScenarios, ...wordScenarios]

/** A scenario by name, of these or of the general ones. */
export const findScenario = (name: string): Simulation | undefined =>
  guided.find((simulation) => simulation.name === name) ?? scenarioNamed(name)
