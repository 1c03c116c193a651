/** The write-ahead log when the disk, or whoever opens it, does wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import type { WalFailure } from "./errors.ts"
import { MemoryDisk } from "./memory.ts"
import { Files, type FilesShape } from "./port.ts"
import type { WalRecord } from "./records.ts"
import { openWal } from "./wal.ts"
import { append, groupsOf, openSmall, syncOf } from "./wal-kit.ts"

const makersThatFail: ReadonlyArray<readonly [string, () => Effect.Effect<void>]> = [
  ["dies", () => Effect.die(new Error("a mistake"))],
  [
    "throws",
    () => {
      throw new TypeError("a mistake")
    }
  ],
  ["is interrupted", () => Effect.interrupt]
]

/** Has another text stand where this one was in the identity of the directory. */
const editIdentity = (disk: MemoryDisk, found: RegExp, instead: string): void => {
  const text = new TextDecoder().decode(disk.bytesOf("node/identity.json"))
  disk.replaceNow("node/identity.json", new TextEncoder().encode(text.replace(found, instead)))
}

describe("failing writes", () => {
  it.effect("after a failed write every sync fails in the same way, though the disk works again", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      append(wal, 1)
      yield* syncOf(wal)
      disk.failNextWrite("broken")
      append(wal, 2)
      const first = yield* Effect.flip(syncOf(wal))
      append(wal, 3)
      const second = yield* Effect.flip(syncOf(wal))
      const third = yield* Effect.flip(syncOf(wal))
      assert.strictEqual(first._tag, "DiskFailed")
      assert.strictEqual(second, first)
      assert.strictEqual(third, first)
      assert.strictEqual(wal.stats().stagedRecords, 0)
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      yield* openSmall(disk, seen)
      assert.deepStrictEqual(groupsOf(seen), [1])
    })
  )

  it.effect("all that waited behind a failed write is told so", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const wal = yield* openSmall(disk)
      const told: Array<string> = []
      const sync = (name: string) => wal.sync((failure) => told.push(`${name} ${failure?._tag ?? "durable"}`))
      disk.holdWrites()
      append(wal, 1)
      sync("a")
      append(wal, 2)
      sync("b")
      sync("c")
      disk.failNextWrite("broken")
      disk.completeWrites()
      assert.deepStrictEqual(told, ["a durable", "b DiskFailed", "c DiskFailed"])
    })
  )

  it.effect("a full disk fails new syncs, loses nothing, and the log goes on once there is room", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      disk.failPreallocation("full")
      const acknowledged: Array<number> = []
      let failure: WalFailure | undefined
      for (let group = 0; failure === undefined; group++) {
        append(wal, group)
        const exit = yield* Effect.result(syncOf(wal))
        if (exit._tag === "Success") acknowledged.push(group)
        else failure = exit.failure
      }
      assert.deepStrictEqual(acknowledged, [0, 1, 2, 3])
      assert.isTrue(failure._tag === "DiskFailed" && failure.full)
      assert.match(failure.message, /the disk is full.*free some space/)
      assert.strictEqual(yield* Effect.flip(syncOf(wal)), failure)
      yield* Scope.close(scope, Exit.void)

      disk.failPreallocation(undefined)
      const seen: Array<WalRecord> = []
      const again = yield* openSmall(disk, seen)
      assert.deepStrictEqual(groupsOf(seen), acknowledged)
      for (let group = 0; group < 20; group++) append(again, group)
      yield* syncOf(again)
    })
  )

  it.effect("room made before the segment is used up is room enough", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const wal = yield* openSmall(disk)
      disk.failPreallocation("full")
      for (let group = 0; group < 3; group++) append(wal, group)
      yield* syncOf(wal)
      for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
      disk.failPreallocation(undefined)
      for (let group = 3; group < 20; group++) append(wal, group)
      yield* syncOf(wal)
      assert.isAbove(wal.stats().segments, 4)
    })
  )

  for (const [kind, preallocate] of makersThatFail) {
    it.effect(`whoever waits for a segment whose maker ${kind} is told so, and so are all who come`, () =>
      Effect.gen(function* () {
        let isSound = true
        const faulty = Effect.map(Files, (files) => ({
          ...files,
          preallocate: (...args: Parameters<FilesShape["preallocate"]>) =>
            isSound ? files.preallocate(...args) : preallocate()
        }))
        const layer = Layer.provide(Layer.effect(Files, faulty), new MemoryDisk().layer())
        const options = { directory: "node", clusterId: "c", segmentBytes: 4096, frameMaxBytes: 1024 }
        const wal = yield* openWal(options, () => {}).pipe(Effect.provide(layer))
        isSound = false
        for (let group = 0; group < 4; group++) append(wal, group)
        yield* syncOf(wal)
        append(wal, 4)
        const failure = yield* Effect.flip(syncOf(wal))
        assert.strictEqual(failure._tag, "DiskFailed")
        assert.match(failure.message, /^preallocate of node\/wal\/000000000002\.log failed: /)
        append(wal, 5)
        assert.strictEqual(yield* Effect.flip(syncOf(wal)), failure)
      }).pipe(Effect.provide(Logger.layer([])))
    )
  }

  it.effect("a log that was closed says so, and still answers for the write that was under way", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      const told: Array<string> = []
      const sync = (name: string) => wal.sync((failure) => told.push(`${name} ${failure?._tag ?? "durable"}`))
      disk.holdWrites()
      append(wal, 1)
      sync("a")
      append(wal, 2)
      sync("b")
      yield* Scope.close(scope, Exit.void)
      sync("c")
      assert.deepStrictEqual(told, [])
      disk.completeWrites()
      sync("d")
      assert.deepStrictEqual(told, ["a durable", "b WalClosed", "c WalClosed", "d WalClosed"])
    })
  )

  it.effect("a log that was closed while nothing was staged is closed all the same", () =>
    Effect.gen(function* () {
      const wal = yield* Effect.scoped(openSmall(new MemoryDisk()))
      assert.strictEqual((yield* Effect.flip(syncOf(wal)))._tag, "WalClosed")
    })
  )
})

describe("who may open a directory", () => {
  it.effect("a directory in use is refused, and free again once its log is closed", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      yield* openSmall(disk).pipe(Scope.provide(scope))
      assert.strictEqual((yield* Effect.flip(openSmall(disk)))._tag, "DirectoryInUse")
      yield* Scope.close(scope, Exit.void)
      yield* openSmall(disk)
    })
  )

  it.effect("a directory of another cluster is refused and named", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(openSmall(disk))
      const failure = yield* Effect.flip(openSmall(disk, [], { clusterId: "other" }))
      assert.strictEqual(failure._tag, "WrongCluster")
      assert.match(failure.message, /belongs to the cluster "c", not to "other"/)
    })
  )

  it.effect(
    "a directory of another node is refused and named, and one that names none is taken for good",
    () =>
      Effect.gen(function* () {
        const disk = new MemoryDisk()
        const named = () => JSON.parse(new TextDecoder().decode(disk.bytesOf("node/identity.json")))
        const open = (node: string) => openSmall(disk, [], { node })
        const storageId = yield* Effect.scoped(Effect.map(openSmall(disk), (wal) => wal.storageId))
        assert.isUndefined(named().node)
        assert.strictEqual((yield* Effect.scoped(open("n1"))).storageId, storageId)
        assert.strictEqual(named().node, "n1")
        const failure = yield* Effect.flip(open("n2"))
        assert.strictEqual(failure._tag, "WrongNode")
        assert.match(failure.message, /belongs to the node "n1", not to "n2"; correct the name/)
        assert.strictEqual((yield* Effect.scoped(open("n1"))).storageId, storageId)
      })
  )

  it.effect("a new directory is that of its node", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(openSmall(disk, [], { node: "n1" }))
      assert.strictEqual((yield* Effect.flip(openSmall(disk, [], { node: "n2" })))._tag, "WrongNode")
    })
  )

  it.effect("an identity of an unknown format is refused with what to do", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(openSmall(disk))
      disk.replaceNow("node/identity.json", new TextEncoder().encode('{"format":9,"anything":true}'))
      const failure = yield* Effect.flip(openSmall(disk))
      assert.strictEqual(failure._tag, "UnknownFormat")
      assert.match(failure.message, /has format 9.*reads format 1 only/)
    })
  )

  it.effect("a format that has rotted is damage, and not the work of another version", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(openSmall(disk))
      editIdentity(disk, /"format": 1/, '"format": 3')
      const failure = yield* Effect.flip(openSmall(disk))
      assert.strictEqual(failure._tag, "StorageCorrupted")
      assert.match(failure.message, /its checksum says it has format 1/)
    })
  )

  it.effect("segments without an identity, and an identity that was edited, are refused", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(openSmall(disk))
      editIdentity(disk, /"salt": \d+/, '"salt": 12')
      assert.match((yield* Effect.flip(openSmall(disk))).message, /its checksum does not hold/)
      disk.replaceNow("node/identity.json", new TextEncoder().encode("not JSON"))
      assert.match((yield* Effect.flip(openSmall(disk))).message, /it is not JSON/)
      disk.removeNow("node/identity.json")
      assert.match((yield* Effect.flip(openSmall(disk))).message, /no identity.json that says whose they are/)
    })
  )

  it.effect("two directories draw two storage ids, and one keeps its own", () =>
    Effect.gen(function* () {
      const [one, other] = [new MemoryDisk(), new MemoryDisk()]
      const first = yield* Effect.scoped(Effect.map(openSmall(one), (wal) => wal.storageId))
      const again = yield* Effect.scoped(Effect.map(openSmall(one), (wal) => wal.storageId))
      const second = yield* Effect.scoped(Effect.map(openSmall(other), (wal) => wal.storageId))
      assert.strictEqual(again, first)
      assert.notStrictEqual(second, first)
    })
  )
})
