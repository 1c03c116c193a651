/** What scenarios that lead to certain bugs have in common. */
import { Effect } from "effect"
import { type Simulation, simulate } from "../../simulation.ts"
import type { ClusterShape } from "../../simulation-spec.ts"
import { busyRegisters } from "../../workload/registers.ts"
import type { World } from "../../world.ts"
import { operatorName } from "./families.ts"

// A group that drops whom it misses has few acceptors left to go wrong with: here it keeps them.
export const small = { acceptors: { min: 2, max: 3 }, masterApart: 0.5, patient: true }
export const three = { acceptors: { min: 3, max: 3 }, masterApart: 1, patient: true }

/** The master is on three nodes that do nothing else. */
export const threeAndMasters = { ...three, masters: 3, mastersApart: true } as const

/** Faults in a narrow order, which the wait for a lease would upset. */
export const threeWithoutLeases = { ...three, leases: false }

export const scenario = (name: string, about: string, shape: ClusterShape = small): Simulation =>
  simulate(name).about(about).cluster(shape).workload(busyRegisters).chaosFor({ min: 1_500, max: 4_000 })

export const addOperator = (world: World): void => {
  world.addProcess({ name: operatorName, program: () => Effect.never })
}

/** The faults may stop the group for good: that it makes no progress afterwards is no finding. */
export const mayStop = (simulation: Simulation): Simulation => simulation.expectingDamage().withoutRecovery()
