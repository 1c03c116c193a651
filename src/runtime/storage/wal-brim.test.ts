/** The write-ahead log where one segment ends and the next begins, and the disk does wrong just there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { MemoryDisk } from "./memory.ts"
import type { WalRecord } from "./records.ts"
import type { Wal } from "./wal.ts"
import { append, groupsOf, openSmall, settle, syncOf } from "./wal-kit.ts"

/** Four frames fill a segment; the next one is to be the first of another. */
const fillSegments = Effect.fnUntraced(function* (wal: Wal, segments: number) {
  for (let group = 0; group < 4 * segments; group++) {
    append(wal, group)
    yield* syncOf(wal)
  }
  yield* settle
})

describe("what the log is noted to have reached", () => {
  it.effect("no segment whose very first write fails", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      yield* fillSegments(wal, 1)
      disk.failNextWrite("broken")
      append(wal, 4)
      yield* Effect.flip(syncOf(wal))
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      const again = yield* openSmall(disk, seen)
      assert.deepStrictEqual(groupsOf(seen), [0, 1, 2, 3])
      append(again, 4)
      yield* syncOf(again)
    })
  )

  it.effect("nor one whose first write a power cut takes back, after the log was closed or cut", () =>
    Effect.gen(function* () {
      for (const isCut of [false, true]) {
        const disk = new MemoryDisk()
        const scope = yield* Scope.make()
        const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
        yield* fillSegments(wal, 2)
        disk.holdWrites()
        append(wal, 8)
        wal.sync(() => {})
        assert.strictEqual(disk.heldWriteCount(), 1)
        if (isCut) assert.strictEqual(yield* wal.removeBefore(2 * 4096), 1)
        else yield* Scope.close(scope, Exit.void)
        disk.crash(() => false)
        const seen: Array<WalRecord> = []
        yield* Effect.scoped(openSmall(disk, seen))
        assert.deepStrictEqual(groupsOf(seen), isCut ? [4, 5, 6, 7] : [0, 1, 2, 3, 4, 5, 6, 7])
        if (isCut) yield* Scope.close(scope, Exit.void)
      }
    })
  )
})
