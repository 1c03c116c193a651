/**
 * A process that is killed while it recovers its log: what it cut off does not come back with a power cut.
 */
import { Effect, Exit, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { Files } from "../../runtime/storage/port.ts"
import { openWal, type Wal } from "../../runtime/storage/wal.ts"
import { filled, onDisk, type TestDisk } from "./disk.test-support.ts"
import type { DiskFaults } from "./settings.ts"

const options = { directory: "/data", clusterId: "c", segmentBytes: 4096 }

/** A life of its own, which does not end by itself: the test kills it, or leaves it. */
const begin = ({ disk, node }: TestDisk, seen: Array<number>) => {
  const files = disk.mount(node.boot())
  return Effect.gen(function* () {
    const scope = yield* Scope.make()
    const open = openWal(options, ({ group }) => void seen.push(group))
    return yield* Scope.provide(Effect.provideService(open, Files, files), scope)
  })
}

const durably = (wal: Wal, group: number, sizeBytes: number) =>
  Effect.callback<void>((resume) => {
    wal.append(1, group, [filled(sizeBytes, 1)])
    wal.sync((failure) => resume(failure === undefined ? Effect.void : Effect.die(failure)))
  })

const faults: Partial<DiskFaults> = {
  processKill: { completed: 0, cached: 1, cutShort: 0, undone: 0 },
  crashDamage: { kept: 1, lost: 1, torn: 0, stale: 0 }
}

/**
 * A write of the log was torn, and the process that cuts its remains off is killed in that; the next ones
 * write on, until the power is cut.
 */
const history = (seed: number, then: (wal: Wal) => Effect.Effect<void>) =>
  onDisk(
    faults,
    (world) =>
      Effect.gen(function* () {
        const { disk, node } = world
        const seen: Array<number> = []
        const wal = yield* begin(world, [])
        yield* durably(wal, 1, 400)
        const path = "/data/wal/000000000001.log"
        node.kill()
        disk.crash("power")
        disk.image.files.get(path)!.write(2048, filled(1000, 7))
        // Killed in the write of zeros that the recovery begins with.
        let writes = 0
        yield* Effect.callback<void>((resume) => {
          disk.onBegun = (_doneMicros, isChange) => {
            if (isChange || ++writes > 1) return
            disk.onBegun = undefined
            resume(Effect.void)
          }
          const life = node.boot()
          const files = disk.mount(life)
          life.start(
            Effect.scoped(
              Effect.provideService(
                openWal(options, () => {}),
                Files,
                files
              )
            )
          )
        })
        node.kill()
        disk.crash("process")
        expect(
          disk.image.files
            .get(path)!
            .read(2048, 1000)
            .every((byte) => byte === 0)
        ).toBe(true)
        yield* then(yield* begin(world, []))
        node.kill()
        disk.crash("power")
        return { end: yield* Effect.exit(begin(world, seen)), seen }
      }),
    { seed }
  ).value

/** How the next opening ends, over some seeds, and what it finds. */
const outcomes = (then: (wal: Wal) => Effect.Effect<void>) => {
  const found = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const { end, seen } = history(seed, then)
    found.add(Exit.isSuccess(end) ? seen.join() : String(end.cause))
  }
  return [...found].sort()
}

describe("a recovery that is killed while it cuts a torn end off", () => {
  it("leaves nothing behind the frames of a segment, though the power takes what was cached", () => {
    const found = outcomes((wal) =>
      Effect.gen(function* () {
        yield* durably(wal, 2, 200)
        yield* durably(wal, 3, 3_500)
      })
    )
    expect(found).toEqual(["1,2,3"])
  })

  it("leaves nothing behind the next frame that a power cut tears", () => {
    const found = outcomes((wal) =>
      Effect.gen(function* () {
        yield* durably(wal, 2, 200)
        wal.append(1, 3, [filled(600, 1)])
        wal.sync(() => {})
        yield* Effect.yieldNow
      })
    )
    expect(found).toEqual(["1,2", "1,2,3"])
  })
})
