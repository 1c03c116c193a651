/** Tests of what is read back from the disk piece by piece, each piece from where the last one ended. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { Ballot, Slot } from "../../protocol/ids.ts"
import { startedEntry } from "../../protocol/log/entry.ts"
import { joinBytes } from "../../protocol/log/run.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { nodeConfig } from "../node/config.ts"
import { makeCompaction } from "./compaction.ts"
import type { GroupLog } from "./group-log.ts"
import { openGroupLogs } from "./node-storage.ts"

/** Opens the log of a group, in a scope of its own: what the disk held is not in memory. */
const open = Effect.fnUntraced(function* (disk: MemoryDisk) {
  const groups = [{ name: "main", acceptors: ["n1"] }]
  const config = yield* nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data: "d", groups })
  const scope = yield* Scope.make()
  const opened = yield* openGroupLogs({ ...config, segmentBytes: 4096 }).pipe(
    Scope.provide(scope),
    Effect.provide(disk.layer())
  )
  return { ...opened, log: opened.logs.get("main")!, close: Scope.close(scope, Exit.void) }
})

/** Opens it again after this was written. */
const written = Effect.fnUntraced(function* (
  disk: MemoryDisk,
  write: (log: GroupLog) => Effect.Effect<void>
) {
  const { log, close } = yield* open(disk)
  yield* write(log)
  yield* close
  return yield* open(disk)
})

const durable = (log: GroupLog) => Effect.callback<void>((resume) => log.sync(() => resume(Effect.void)))

const fill = Effect.fnUntraced(function* (log: GroupLog, from: number, through: number, ballot: number) {
  for (let slot = from; slot <= through; slot++) {
    const bytes = startedEntry(slot)
    const run = { ballot: Ballot(ballot), first: Slot(slot), count: 1, atMs: slot, bytes }
    log.persist({ _tag: "Appended", run })
    yield* durable(log)
    yield* Effect.yieldNow
  }
})

const longCount = 100

/** Runs of frames so long that the index knows the place of each. */
const fillLong = Effect.fnUntraced(function* (log: GroupLog, runs: number) {
  const entries = Array.from({ length: longCount }, () => startedEntry(1))
  const bytes = joinBytes(entries, longCount * entries[0]!.length)
  for (let run = 0; run < runs; run++) {
    const first = Slot(run * longCount + 1)
    log.persist({ _tag: "Appended", run: { ballot: Ballot(1), first, count: longCount, atMs: run, bytes } })
    yield* durable(log)
    yield* Effect.yieldNow
  }
})

/** Reads one piece after the other; the times tell the slots. */
const piecesOf = (log: GroupLog, from: number, maxBytes: number) => {
  const found: Array<number> = []
  for (let next = Slot(from); next <= log.last; ) {
    for (const { first, count, atMs } of log.read(next, log.last, maxBytes)) {
      assert.deepStrictEqual([first, atMs], [next, next])
      found.push(first)
      next = Slot(first + count)
    }
  }
  return found
}

const slots = (from: number, through: number) =>
  Array.from({ length: through - from + 1 }, (_, index) => from + index)

describe("a log that is read from the disk in pieces", () => {
  it.effect("gives every entry once, whatever the size of the pieces, where many runs share a frame", () =>
    Effect.gen(function* () {
      const { log, close } = yield* written(
        new MemoryDisk(),
        Effect.fnUntraced(function* (first) {
          for (let ballot = 1; ballot <= 8; ballot++) yield* fill(first, 3 * ballot - 2, 3 * ballot, ballot)
          first.copyForward()
          yield* durable(first)
          yield* fill(first, 25, 40, 9)
        })
      )
      for (const maxBytes of [1, 20, 70, 1000]) {
        assert.deepStrictEqual(piecesOf(log, 1, maxBytes), slots(1, 40))
        assert.deepStrictEqual(piecesOf(log, 17, maxBytes), slots(17, 40))
      }
      yield* close
    })
  )

  it.effect("is read on where a suffix was replaced meanwhile", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { log, close } = yield* written(disk, (first) => fill(first, 1, 30, 1))
      assert.strictEqual(log.read(Slot(10), Slot(10), 1)[0]!.ballot, 1)
      yield* fill(log, 11, 20, 2)
      yield* close
      const { log: again, close: end } = yield* open(disk)
      assert.strictEqual(again.read(Slot(10), Slot(10), 1)[0]!.ballot, 1)
      assert.strictEqual(again.read(Slot(11), Slot(11), 1)[0]!.ballot, 2)
      assert.deepStrictEqual(piecesOf(again, 5, 1), slots(5, 20))
      yield* end
    })
  )

  it.effect("is read on where the place of the last piece was removed meanwhile", () =>
    Effect.gen(function* () {
      const { log, compacted, close } = yield* written(new MemoryDisk(), (log) => fillLong(log, 40))
      let removed = 0
      for (let run = 0; run < 40; run++) {
        const last = Slot((run + 1) * longCount)
        assert.strictEqual(log.read(log.first, last, 1 << 20)[0]!.atMs, run)
        log.persist({ _tag: "Chosen", slot: last })
        log.cut({ slot: last, ballot: Ballot(1), atMs: run })
        removed += yield* yield* makeCompaction(compacted)
      }
      assert.isAbove(removed, 2)
      yield* close
    })
  )

  it.effect("is read on where everything was written again and the old places were removed meanwhile", () =>
    Effect.gen(function* () {
      const { log, compacted, close } = yield* written(new MemoryDisk(), (log) => fillLong(log, 3))
      log.copyForward()
      log.read(Slot(1), Slot(longCount), 1 << 20)
      yield* durable(log)
      assert.isAbove(yield* compacted.wal.removeBefore(log.startPosition!), 0)
      assert.strictEqual(log.read(Slot(longCount + 1), log.last, 1)[0]!.atMs, 1)
      yield* close
    })
  )
})
