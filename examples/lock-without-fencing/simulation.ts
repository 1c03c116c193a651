/** The lock, the store and two workers in simulation, with processes that stand still now and then. */
import { always, pauses, simulate, sometimes } from "aplomb/sim"
import { lockProcess } from "./lock.ts"
import { type Fencing, storeProcess } from "./store.ts"
import { workerProcess } from "./worker.ts"

const buildsOnTheLast = always("every write builds on the one before")
const counted = sometimes("a worker counted to ten")

export const lockSimulation = (fencing: Fencing) =>
  simulate(`lock that fences ${fencing}`)
    .setup((world) => {
      const onWrite = (before: number, after: number) => {
        buildsOnTheLast.check(after === before + 1, () => `${after} was written over ${before}`)
        counted.check(after >= 10)
      }
      world.addProcess({ name: "lock", program: () => lockProcess })
      world.addProcess({ name: "store", program: () => storeProcess(fencing, onWrite) })
      for (const name of ["worker-1", "worker-2"]) world.addProcess({ name, program: () => workerProcess })
    })
    .faults({ ...pauses, share: 1 })
    .chaosFor({ min: 2_000, max: 20_000 })
