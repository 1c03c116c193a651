/** Who can talk to whom, as nobody in the world can know it. */
import type { SimBus } from "./bus/bus.ts"
import type { SimProcess } from "./process.ts"

/** Whether two processes run, none of them stands still, and whatever they say to each other arrives. */
export const reachesBy =
  (bus: SimBus, processes: ReadonlyMap<string, SimProcess>) =>
  (one: string, other: string): boolean => {
    const isUp = (name: string): boolean => {
      const process = processes.get(name)
      return process?.running === true && !process.frozen
    }
    return isUp(one) && isUp(other) && bus.carries(one, other)
  }
