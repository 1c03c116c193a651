/** A log that is cut: what is needed stays, over restarts, whatever shares the log; and nothing else does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scheduler, Scope } from "effect"
import { freshGrants } from "../../protocol/acceptor/lease.ts"
import { Ballot, NodeId, Slot, StorageId } from "../../protocol/ids.ts"
import { startedEntry } from "../../protocol/log/entry.ts"
import type { Base } from "../../protocol/log/view.ts"
import { installStep } from "../../protocol/membership/outsider.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { nodeConfig } from "../node/config.ts"
import { makeCompaction } from "./compaction.ts"
import type { GroupLog } from "./group-log.ts"
import { openGroupLogs } from "./node-storage.ts"

const segmentBytes = 4096
const groups = ["busy", "quiet"].map((name) => ({ name, acceptors: ["n1"] }))

/** Opens the logs of two groups on a disk, in a scope of their own. */
const open = Effect.fnUntraced(function* (disk: MemoryDisk, configured = groups) {
  const config = yield* nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data: "d", groups: configured })
  const scope = yield* Scope.make()
  const opened = yield* openGroupLogs({ ...config, segmentBytes }).pipe(
    Scope.provide(scope),
    Effect.provide(disk.layer())
  )
  const [busy, quiet] = ["busy", "quiet"].map((name) => opened.logs.get(name)!)
  return { ...opened, busy: busy!, quiet: quiet!, close: Scope.close(scope, Exit.void) }
})

const durable = (log: GroupLog) => Effect.callback<void>((resume) => log.sync(() => resume(Effect.void)))

const appendOne = (log: GroupLog, slot: number, ballot = 1) => {
  const bytes = startedEntry(slot)
  log.persist({
    _tag: "Appended",
    run: { ballot: Ballot(ballot), first: Slot(slot), count: 1, atMs: slot, bytes }
  })
}

const fill = Effect.fnUntraced(function* (log: GroupLog, from: number, through: number, ballot = 1) {
  for (let slot = from; slot <= through; slot++) {
    appendOne(log, slot, ballot)
    yield* durable(log)
    yield* Effect.yieldNow
  }
})

/** Cuts as a durable snapshot through this slot would. */
const cutAt = (log: GroupLog, slot: number) => {
  log.persist({ _tag: "Chosen", slot: Slot(slot) })
  log.cut({ slot: Slot(slot), ballot: log.ballotAt(Slot(slot))!, atMs: slot })
}

const slotsOf = (log: GroupLog) => {
  const slots: Array<number> = []
  for (let next = log.first; next <= log.last; next = Slot(next + 1)) {
    const [run] = log.read(next, next, 1)
    assert.strictEqual(run!.atMs, next, "the entry of this slot and no other")
    slots.push(next)
  }
  return slots
}

describe("a log that is cut", () => {
  it.effect("begins behind its base, and opens so again", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const first = yield* open(disk)
      yield* fill(first.busy, 1, 300)
      cutAt(first.busy, 290)
      assert.deepInclude(first.busy.base, { slot: Slot(290), ballot: Ballot(1) })
      assert.strictEqual(first.busy.ballotAt(Slot(290)), Ballot(1))
      assert.isUndefined(first.busy.ballotAt(Slot(289)))
      const removed = yield* yield* makeCompaction(first.compacted)
      assert.isAbove(removed, 2)
      yield* first.close
      const { busy, close } = yield* open(disk)
      assert.deepStrictEqual([busy.first, busy.last, busy.chosen], [291, 300, 290])
      assert.deepStrictEqual(
        slotsOf(busy),
        Array.from({ length: 10 }, (_, index) => 291 + index)
      )
      yield* fill(busy, 301, 310)
      assert.strictEqual(slotsOf(busy).length, 20)
      yield* close
    })
  )

  it.effect("keeps its promises and its name though the records that said so are gone", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const first = yield* open(disk)
      first.busy.persist({ _tag: "Promised", ballot: Ballot(7) })
      first.quiet.persist({ _tag: "Promised", ballot: Ballot(9) })
      first.busy.persist({ _tag: "LeaseNoted", durationMs: 200 })
      yield* fill(first.busy, 1, 300, 7)
      cutAt(first.busy, 300)
      assert.isAbove(yield* yield* makeCompaction(first.compacted), 2)
      yield* first.close
      // By its name, wherever the configuration has it now.
      const { busy, quiet, close } = yield* open(disk, groups.toReversed())
      assert.deepStrictEqual([busy.promised, quiet.promised], [7, 9])
      assert.deepStrictEqual([busy.leaseNotedMs, quiet.leaseNotedMs], [200, 0])
      assert.deepStrictEqual([busy.first, busy.last], [301, 300])
      yield* close
    })
  )

  it.effect("a quiet group is copied forward, and gives the space free that it kept", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const first = yield* open(disk)
      yield* fill(first.quiet, 1, 5, 3)
      yield* fill(first.busy, 1, 300)
      cutAt(first.busy, 300)
      assert.isAbove(yield* yield* makeCompaction(first.compacted), 2)
      assert.deepStrictEqual(slotsOf(first.quiet), [1, 2, 3, 4, 5])
      yield* fill(first.quiet, 6, 8, 3)
      yield* first.close
      const { quiet, close } = yield* open(disk)
      assert.deepStrictEqual([quiet.first, quiet.last, quiet.ballotAt(Slot(5))], [1, 8, 3])
      assert.deepStrictEqual(slotsOf(quiet), [1, 2, 3, 4, 5, 6, 7, 8])
      yield* close
    })
  )

  // Whichever step of the compaction comes to stand at a place where others have their turn.
  it.effect.each([3, 4, 5, 6, 7])(
    "a quiet group is found where it was copied to, %i steps at a time",
    (steps) =>
      Effect.gen(function* () {
        const disk = new MemoryDisk()
        const { busy, quiet, wal, compacted, close } = yield* open(disk)
        yield* fill(quiet, 1, 5, 3)
        yield* fill(busy, 1, 300)
        cutAt(busy, 300)
        const writes = Effect.gen(function* () {
          for (let count = 0; count < 60; count++) {
            // So large that what is copied and this do not fit one frame.
            wal.append(255, busy.groupNumber, [new Uint8Array(segmentBytes - 200)])
            wal.sync(() => {})
            yield* Effect.yieldNow
          }
        })
        const compaction = Effect.provideService(
          yield* makeCompaction(compacted),
          Scheduler.MaxOpsBeforeYield,
          steps
        )
        yield* Effect.all([compaction, writes], { concurrency: 2 })
        const { records } = wal.readFrame(quiet.startPosition!)!
        assert.isTrue(records.some(({ type, group }) => group === quiet.groupNumber && type === 6))
        yield* close
      })
  )

  it.effect("nothing goes that a group still needs", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { busy, compacted, close } = yield* open(disk)
      yield* fill(busy, 1, 300)
      assert.strictEqual(yield* yield* makeCompaction(compacted), 0)
      cutAt(busy, 150)
      yield* yield* makeCompaction(compacted)
      assert.strictEqual(slotsOf(busy).length, 150)
      yield* close
    })
  )

  it.effect("records without their beginning are a loss where no record says that they were cut", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { busy, compacted, close } = yield* open(disk)
      yield* fill(busy, 1, 300)
      // A cut without its checkpoint.
      assert.isAbove(yield* compacted.wal.removeBefore(busy.startPosition! + 3 * segmentBytes), 1)
      yield* close
      const failure = yield* Effect.flip(Effect.scoped(open(disk)))
      assert.strictEqual(failure._tag, "StorageCorrupted")
    })
  )
})

describe("a snapshot installed under a log", () => {
  const outsider = { node: NodeId("n9"), storage: StorageId("s") }
  const active = { ballot: Ballot(9), generation: 0, leader: outsider, acceptors: [outsider] }

  /** As the acceptor of a replica outside of the active configuration does. */
  const install = (log: GroupLog, base: Base): boolean => {
    const { promised, chosen } = log
    const state = {
      self: { ...outsider, node: NodeId("n1") },
      promised,
      chosen,
      configuration: undefined,
      grants: freshGrants(0, 0, 0)
    }
    const { outputs } = installStep(state, log, { _tag: "Installed", active, base })
    const records = outputs.flatMap((output) => (output._tag === "Persist" ? output.records : []))
    for (const record of records) log.persist(record)
    return records.length > 0
  }

  const base = (slot: number, ballot: number) => ({ slot: Slot(slot), ballot: Ballot(ballot), atMs: slot })

  it.effect("replaces an older log, and one that differs", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const first = yield* open(disk)
      yield* fill(first.busy, 1, 10)
      assert.isTrue(install(first.busy, base(50, 4)))
      yield* durable(first.busy)
      assert.deepStrictEqual([first.busy.first, first.busy.last, first.busy.chosen], [51, 50, 50])
      yield* fill(first.busy, 51, 53, 4)
      assert.isTrue(install(first.busy, base(52, 5)))
      yield* fill(first.busy, 53, 54, 5)
      yield* first.close
      const { busy, close } = yield* open(disk)
      assert.deepStrictEqual([busy.first, busy.last, busy.ballotAt(Slot(52))], [53, 54, 5])
      assert.deepStrictEqual(slotsOf(busy), [53, 54])
      yield* close
    })
  )

  it.effect("leaves what follows it in a log that has its last entry", () =>
    Effect.gen(function* () {
      const { busy, close } = yield* open(new MemoryDisk())
      yield* fill(busy, 1, 60, 4)
      assert.isTrue(install(busy, base(50, 4)))
      assert.deepStrictEqual(slotsOf(busy), [51, 52, 53, 54, 55, 56, 57, 58, 59, 60])
      yield* close
    })
  )

  it.effect("is refused by a log that knows as much as chosen", () =>
    Effect.gen(function* () {
      const { busy, close } = yield* open(new MemoryDisk())
      yield* fill(busy, 1, 60)
      busy.persist({ _tag: "Chosen", slot: Slot(55) })
      assert.isFalse(install(busy, base(55, 1)))
      assert.strictEqual(slotsOf(busy).length, 60)
      yield* close
    })
  )
})
