/** What a log keeps in memory while its disk writes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Ballot, Slot } from "../../protocol/ids.ts"
import { startedEntry } from "../../protocol/log/entry.ts"
import { joinBytes, type Run } from "../../protocol/log/run.ts"
import { knobs } from "../../runtime/buggify.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { settle } from "../../runtime/storage/wal-kit.ts"
import { nodeConfig } from "../node/config.ts"
import type { GroupLog } from "./group-log.ts"
import { openGroupLogs } from "./node-storage.ts"

/** The log of a group that keeps nothing in memory which is on its disk. */
const withoutCache = Effect.fnUntraced(function* (disk: MemoryDisk) {
  const cache = knobs().find(({ name }) => name === "log-cache-bytes")!
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      cache.value = 0
    }),
    () =>
      Effect.sync(() => {
        cache.value = cache.normal
      })
  )
  const groups = [{ name: "main", acceptors: ["n1"] }]
  const config = yield* nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data: "d", groups })
  const { logs } = yield* openGroupLogs(config).pipe(Effect.provide(disk.layer()))
  return logs.get("main")!
})

const runOf = (ballot: number, first: number, count: number): Run => {
  const entries = Array.from({ length: count }, () => startedEntry(ballot))
  const bytes = joinBytes(entries, count * entries[0]!.length)
  return { ballot: Ballot(ballot), first: Slot(first), count, atMs: ballot, bytes }
}

const ballotsFrom = (log: GroupLog, from: number) =>
  log.read(Slot(from), log.last, 10_000).map(({ ballot, first, count }) => [ballot, first, count])

describe("a log that is replaced while it is written", () => {
  it.effect("keeps in memory what replaces entries, until that is on the disk too", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const log = yield* withoutCache(disk)
      let durable = 0
      const sync = Effect.suspend(() => {
        log.sync(() => durable++)
        return settle
      })
      disk.holdWrites()
      log.persist({ _tag: "Appended", run: runOf(1, 1, 3) })
      yield* sync
      log.persist({ _tag: "Appended", run: runOf(2, 2, 2) })
      disk.completeWrites()
      assert.strictEqual(durable, 1)
      assert.deepStrictEqual(ballotsFrom(log, 2), [[2, 2, 2]])
      yield* sync
      disk.stopHolding()
      assert.strictEqual(durable, 2)
      assert.deepStrictEqual(ballotsFrom(log, 1), [
        [1, 1, 1],
        [2, 2, 2]
      ])
    })
  )
})
