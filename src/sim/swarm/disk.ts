/**
 * Faults of disks: slow ones, stalls, failed and short writes; and, only where a scenario wants it, damage
 * that breaks their contract.
 */
import { Effect } from "effect"
import { timedFault } from "../kernel/timed-fault.ts"
import type { FaultFamily } from "./swarm.ts"

/** Latency of a drawn size, stalls and times of throttling; each machine has a disk of its own kind. */
export const slowDisks: FaultFamily = {
  name: "slow-disks",
  share: 0.5,
  begin: (world) => {
    const { random } = world
    for (const { disk } of world.processes.values()) {
      const { faults } = disk
      disk.faults = {
        ...faults,
        slowness: {
          ...faults.slowness,
          latency: random.chance(0.5)
            ? { kind: "uniform", minMicros: 50, maxMicros: random.range(500, 30_000) }
            : { kind: "exponential", minMicros: 100, meanMicros: random.range(200, 10_000) },
          bytesPerSecond: random.pick([1_000_000, 20_000_000, 200_000_000]),
          stallRate: random.chance(0.5) ? 0.002 : 0,
          throttleRate: random.chance(0.5) ? 0.001 : 0
        }
      }
    }
    return Effect.never
  }
}

/**
 * Writes of open files fail, wholly or in part: the node must stop, say so, and come back with all that it
 * had promised. `failedChanges` strikes `writeFileAtomic` and the like.
 */
export const failedWrites: FaultFamily = {
  name: "failed-writes",
  share: 0.25,
  begin: (world) => {
    for (const { disk } of world.processes.values()) {
      disk.faults = { ...disk.faults, failedWrite: { rate: 0.0005 }, shortWrite: { rate: 0.0005 } }
    }
    return Effect.never
  }
}

/**
 * Files cannot be made, replaced or removed: `writeFileAtomic`, `writeInParts`, `preallocate`,
 * `makeDirectory` and `remove` fail now and then. As after a real error, either nothing has happened, or the
 * change is there and a power cut may take it back.
 */
export const failedChanges: FaultFamily = {
  name: "failed-changes",
  share: 0.25,
  begin: (world) => {
    for (const { disk } of world.processes.values())
      disk.faults = { ...disk.faults, failedChange: { rate: 0.02 } }
    return Effect.never
  }
}

/** A disk fills up, and somebody makes room after a while. */
export const fullDisks: FaultFamily = {
  name: "full-disks",
  share: 0.15,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(3_000, 9_000), durationMs: { min: 100, max: 3_000 } }
    return timedFault(random, settings, (durationMs) =>
      Effect.suspend(() => {
        const { disk } = random.pick([...world.processes.values()])
        disk.fill()
        const makeRoom = Effect.sync(() => {
          disk.capacityBytes = Number.POSITIVE_INFINITY
        })
        return Effect.ensuring(Effect.sleep(durationMs), makeRoom)
      })
    )
  }
}
