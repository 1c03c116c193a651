/**
 * The real write-ahead log on the simulated disk: through power cuts, what was acknowledged is recovered, in
 * order.
 */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Files } from "../../runtime/storage/port.ts"
import { openWal, type Wal } from "../../runtime/storage/wal.ts"
import { Kernel } from "../kernel/kernel.ts"
import type { SchedulingMode } from "../kernel/scheduler-options.ts"
import { SimDisk } from "./disk.ts"

interface Ledger {
  /** Numbers appended so far, over all lives. */
  next: number
  /** The highest number that the log said was durable. */
  acknowledged: number
}

const numberOf = (body: Uint8Array): number => new DataView(body.buffer, body.byteOffset).getUint32(0, true)

/** Appends records of growing numbers and odd sizes, several in flight, until it is killed. */
const appendForEver = (wal: Wal, ledger: Ledger): Effect.Effect<never> =>
  Effect.forever(
    Effect.gen(function* () {
      for (let burst = 0; burst < 4; burst++) {
        const number = ledger.next++
        const body = new Uint8Array(4 + ((number * 37) % 900)).fill(number & 0xff, 4)
        new DataView(body.buffer).setUint32(0, number, true)
        wal.append(1, 0, [body])
        wal.sync((failure) => {
          if (failure === undefined) ledger.acknowledged = Math.max(ledger.acknowledged, number)
        })
      }
      yield* Effect.sleep(1)
    })
  )

const recover = (recovered: Array<number>) =>
  openWal({ directory: "/data", clusterId: "c", segmentBytes: 16_384, frameMaxBytes: 4096 }, (record) =>
    recovered.push(numberOf(record.body))
  )

/**
 * Eight lives that each end in a power cut at a drawn moment; each next one must find all that was
 * acknowledged.
 */
const storm = (seed: number, mode: SchedulingMode) => {
  const kernel = new Kernel({ seed, scheduler: { mode } })
  const disk = new SimDisk(kernel, "a")
  const node = kernel.addNode("a")
  const ledger: Ledger = { next: 0, acknowledged: -1 }
  const problems: Array<unknown> = []
  const live = Effect.gen(function* () {
    const recovered: Array<number> = []
    const wal = yield* recover(recovered)
    if (recovered.some((number, index) => number !== index)) problems.push(["out of order", recovered])
    if (recovered.length <= ledger.acknowledged)
      problems.push(["lost", ledger.acknowledged, recovered.length])
    ledger.next = recovered.length
    yield* appendForEver(wal, ledger)
  })
  const program = Effect.gen(function* () {
    for (let life = 0; life < 8; life++) {
      const incarnation = node.boot()
      const running = Effect.scoped(live).pipe(Effect.provideService(Files, disk.mount(incarnation)))
      incarnation.start(running).addObserver((exit) => problems.push(exit))
      yield* Effect.sleep(kernel.random.range(1, 40))
      node.kill()
      disk.crash("power")
    }
  })
  const outcome = kernel.run(program)
  return { outcome, ledger, problems, digest: kernel.digest() }
}

describe("the write-ahead log on a simulated disk", () => {
  for (const mode of ["inline", "hop", "preempt"] as const) {
    it(`recovers all that it acknowledged, through power cuts at any moment (${mode})`, () => {
      let acknowledged = 0
      for (let seed = 0; seed < 30; seed++) {
        const { outcome, ledger, problems } = storm(seed, mode)
        expect(outcome._tag, `seed ${seed}`).toBe("Completed")
        expect(problems, `seed ${seed}`).toEqual([])
        acknowledged += ledger.acknowledged
      }
      expect(acknowledged).toBeGreaterThan(1000)
    })
  }

  it("gives the same run for the same seed", () => {
    expect(storm(7, "hop").digest).toBe(storm(7, "hop").digest)
    expect(storm(7, "hop").digest).not.toBe(storm(8, "hop").digest)
  })
})
