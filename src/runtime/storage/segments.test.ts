/** The segments of a log on a disk that refuses now and then: what was sound stays so, and can be opened. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { MemoryDisk } from "./memory.ts"
import { DiskFailed, Files, type FilesShape } from "./port.ts"
import type { WalRecord } from "./records.ts"
import { openWal } from "./wal.ts"
import { append, groupsOf, openSmall, segmentPath, settle, syncOf } from "./wal-kit.ts"

type Operation = "writeFileAtomic" | "preallocate" | "remove" | "sync"

/** A disk that refuses the operations that are named at the moment. */
const refusing = (disk: MemoryDisk) => {
  const refused = new Set<Operation>()
  /** Directories that were synced, by being made once more. */
  const synced: Array<string> = []
  const refuse = (operation: Operation, path: string): Effect.Effect<void, DiskFailed> =>
    refused.has(operation)
      ? Effect.fail(new DiskFailed({ operation, path, full: true, reason: "no space left on device" }))
      : Effect.void
  const shape = (files: FilesShape): FilesShape => ({
    ...files,
    writeFileAtomic: (path, bytes) =>
      Effect.andThen(refuse("writeFileAtomic", path), files.writeFileAtomic(path, bytes)),
    preallocate: (path, size, yields) =>
      refuse("preallocate", path).pipe(
        Effect.andThen(files.preallocate(path, size, yields)),
        // The file is there, and its directory is not on the disk.
        Effect.andThen(refuse("sync", path))
      ),
    makeDirectory: (path) =>
      Effect.andThen(
        Effect.sync(() => void synced.push(path)),
        files.makeDirectory(path)
      ),
    remove: (path) => Effect.andThen(refuse("remove", path), files.remove(path))
  })
  const layer = Layer.effect(Files, Effect.map(Files, shape)).pipe(Layer.provide(disk.layer()))
  const open = openWal(
    { directory: "node", clusterId: "c", segmentBytes: 4096, frameMaxBytes: 1024 },
    () => {}
  ).pipe(Effect.provide(layer))
  return { refused, synced, open }
}

describe("segments", () => {
  it.effect("of which one could not be counted are sound: the directory opens when there is room again", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { refused, open } = refusing(disk)
      const scope = yield* Scope.make()
      const wal = yield* open.pipe(Scope.provide(scope))
      refused.add("writeFileAtomic")
      const synced: Array<number> = []
      for (let group = 1; group <= 12; group++) {
        append(wal, group)
        const exit = yield* Effect.exit(syncOf(wal))
        if (Exit.isFailure(exit)) break
        synced.push(group)
        yield* settle
        // The second segment was made, and could not be counted.
        if (disk.paths().includes(segmentPath(2))) refused.add("preallocate")
      }
      refused.delete("writeFileAtomic")
      assert.isAtMost(synced.length, 5)
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      yield* openSmall(disk, seen)
      assert.deepStrictEqual(groupsOf(seen).slice(0, synced.length), synced)
    })
  )

  it.effect(
    "of which one is there that could not be made are written to once their directory was synced",
    () =>
      Effect.gen(function* () {
        const disk = new MemoryDisk()
        const { refused, synced, open } = refusing(disk)
        const wal = yield* open
        refused.add("sync")
        for (let group = 1; !disk.paths().includes(segmentPath(2)); group++) {
          append(wal, group)
          yield* syncOf(wal)
          yield* settle
        }
        refused.clear()
        const before = synced.length
        for (let group = 1; wal.stats().segments < 2; group++) {
          append(wal, group)
          yield* syncOf(wal)
          yield* settle
        }
        assert.deepStrictEqual(synced.slice(before), ["node/wal"])
      })
  )

  it.effect("of which one could not be removed are removed by the next call, or by the next opening", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { refused, open } = refusing(disk)
      const scope = yield* Scope.make()
      const wal = yield* open.pipe(Scope.provide(scope))
      for (let group = 1; wal.stats().segments < 5; group++) {
        append(wal, group)
        yield* syncOf(wal)
        yield* settle
      }
      refused.add("remove")
      const failure = yield* Effect.flip(wal.removeBefore(3 * 4096))
      assert.strictEqual(failure._tag, "DiskFailed")
      refused.clear()
      yield* wal.removeBefore(4 * 4096)
      append(wal, 99)
      yield* syncOf(wal)
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      yield* openSmall(disk, seen)
      assert.strictEqual(seen.at(-1)!.group, 99)
      assert.strictEqual(disk.paths().filter((path) => path.endsWith("000001.log")).length, 0)
    })
  )
})
