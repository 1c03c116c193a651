/** Every family of faults strikes when it is on, and leaves no trace when it is off. */
import { describe, expect, it } from "vitest"
import {
  buggified,
  busRestarts,
  candidacies,
  clientCrashes,
  clockFaults,
  crashPoints,
  disconnects,
  type FaultFamily,
  failedChanges,
  failedWrites,
  faultyDisk,
  fullDisks,
  killsInWrites,
  messageFaults,
  outages,
  partitions,
  pauses,
  registers,
  restartStorms,
  restarts,
  simulate,
  slowConsumers,
  slowDisks,
  wipes
} from "../../src/sim/sim.ts"

/** What each family is seen by: one of these has struck within a few seeds. */
const signs: ReadonlyArray<readonly [FaultFamily, RegExp]> = [
  [messageFaults, /^(loss|duplication|reordering)$/],
  [slowConsumers, /^slow-consumer$/],
  [partitions, /^partition-/],
  [disconnects, /^disconnect$/],
  [busRestarts, /^bus-restart$/],
  [restarts, /^reboot-/],
  [outages, /^outage$/],
  [restartStorms, /^restart-storm$/],
  [killsInWrites, /^(write|change)-(in-cache|cut-short|undone)$/],
  [pauses, /^freeze$/],
  [clockFaults, /^clock-(jump|rate)$/],
  [clientCrashes, /^reboot-/],
  [crashPoints, /^crash-at-point$/],
  [candidacies, /^candidacy$/],
  [slowDisks, /^disk-(stall|throttle)$/],
  [failedWrites, /^(failed|short)-write$/],
  [failedChanges, /^failed-change$/],
  [fullDisks, /^disk-filled$/],
  [buggified, /^buggify$/],
  [wipes, /^wipe$/]
]

/** Each way in which a disk may break its contract. */
const breaches = ["bit-rot", "directory-loss", "lying-sync", "misdirected-write"]

const seedsMax = 60

const cluster = simulate("one family")
  .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
  .workload(registers)
  .chaosFor({ min: 4_000, max: 4_000 })

describe("a family of faults", () => {
  for (const [family, sign] of signs) {
    it(`strikes: ${family.name}`, () => {
      const alone = cluster.faults({ ...family, share: 1 })
      const simulation = family === wipes ? alone.expectingDamage().withoutRecovery() : alone
      let struck = false
      for (let seed = 1; seed <= seedsMax && !struck; seed++) {
        const { failure, strikes } = simulation.run({ seed, clientsMax: 1 })
        expect(failure, `seed ${seed}`).toBeUndefined()
        struck = Object.keys(strikes).some((name) => sign.test(name))
      }
      expect(struck).toBe(true)
    })
  }

  it("strikes in every way: faulty-disk", () => {
    const damaged = cluster.faults(faultyDisk).expectingDamage()
    const seen = new Set<string>()
    for (let seed = 1; seed <= seedsMax && !breaches.every((name) => seen.has(name)); seed++) {
      const { failure, strikes } = damaged.run({ seed, clientsMax: 1 })
      expect(failure, `seed ${seed}`).toBeUndefined()
      for (const name of Object.keys(strikes)) seen.add(name)
    }
    expect([...seen]).toEqual(expect.arrayContaining(breaches))
  })

  it("cuts regions off from each other where there are several", () => {
    const parted = cluster.faults({ ...partitions, share: 1 }).chaosFor({ min: 15_000, max: 15_000 })
    let struck = false
    for (let seed = 1; seed <= seedsMax && !struck; seed++) {
      const { failure, strikes } = parted.run({ seed, clientsMax: 1 })
      expect(failure, `seed ${seed}`).toBeUndefined()
      struck = (strikes["partition-region"] ?? 0) > 0
    }
    expect(struck).toBe(true)
  })

  it("that is off strikes nowhere: without any, nothing goes wrong at all", () => {
    const { failure, strikes, knobs } = cluster.run({ seed: 1 })
    expect(failure).toBeUndefined()
    expect(strikes).toEqual({})
    expect(knobs).toEqual({})
  })

  it("can be taken out of a run, with all else drawn as before", () => {
    const both = cluster.faults({ ...restarts, share: 1 }, { ...pauses, share: 1 })
    const { families, strikes } = both.run({ seed: 2, without: ["restarts"] })
    expect(families).toEqual(["pauses"])
    expect(Object.keys(strikes).filter((name) => name.startsWith("reboot"))).toEqual([])
  })
})
