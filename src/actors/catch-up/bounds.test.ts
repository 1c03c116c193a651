/** Whatever is asked of a node that hands out entries and snapshots, it takes little time and memory. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { kvMachine } from "../../machines/kv.ts"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { emptyReplica } from "../../protocol/learner/replica.ts"
import { freezeReplica } from "../../protocol/learner/snapshot.ts"
import { startedEntry } from "../../protocol/log/entry.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus, type BusShape } from "../../runtime/bus/port.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { Files } from "../../runtime/storage/port.ts"
import type { Body } from "../../wire/packet.ts"
import type { GroupLog } from "../log/group-log.ts"
import { openGroupLogs } from "../log/node-storage.ts"
import { nodeConfig } from "../node/config.ts"
import { makeNodeContext } from "../node/context.ts"
import { openSnapshotStore } from "../snapshots/store.ts"
import { serveSnapshots } from "../snapshots/transfer.ts"
import { serveCatchUp } from "./catch-up.ts"

const kv = kvMachine as unknown as AnyMachine
const main = GroupId("main")
const entryBytes = startedEntry(60_000).length

const append = (log: GroupLog, slot: number): void => {
  const run = { ballot: Ballot(1), first: Slot(slot), count: 1, atMs: slot, bytes: startedEntry(60_000) }
  log.persist({ _tag: "Appended", run })
  log.sync(() => {})
}

/** The node's log, read back from the disk; how many frames were read since. */
const opened = Effect.fnUntraced(function* (
  files: Context.Service.Shape<typeof Files>,
  write: (log: GroupLog, other: () => void) => void
) {
  const config = yield* nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data: "d" })
  const open = Effect.provideService(openGroupLogs({ ...config, segmentBytes: 16 << 20 }), Files, files)
  yield* Effect.scoped(
    Effect.map(open, ({ logs, wal }) =>
      write(logs.get("main")!, () => {
        wal.append(200, 999, [new Uint8Array(1000)])
        wal.sync(() => {})
      })
    )
  )
  const { logs, wal } = yield* open
  const log = logs.get("main")!
  const read = { frames: 0 }
  const readFrame: typeof wal.readFrame = (position) => {
    read.frames++
    return wal.readFrame(position)
  }
  log.attach({ ...wal, readFrame })
  return { log, read }
})

const filesOf = Effect.suspend(() => Layer.build(new MemoryDisk().layer())).pipe(
  Effect.map((built) => Context.get(built, Files))
)

/** n1 hands out six entries, of which five are chosen, and a snapshot. */
const serving = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const files = yield* filesOf
  const { log, read } = yield* opened(files, (log) => {
    for (let slot = 1; slot <= 6; slot++) append(log, slot)
  })
  const store = yield* Effect.provideService(openSnapshotStore("d", "main", kv), Files, files)
  const frozen = freezeReplica("main", kv, { ...emptyReplica(kv), applied: Slot(3), atMs: 1 }, Ballot(1))
  const writing = yield* Effect.forkChild(store.write(frozen))
  yield* pass
  const { sizeBytes } = yield* Fiber.join(writing)
  const self = { node: NodeId("n1"), storage: StorageId("1") }
  const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, yield* exchange.connect)
  const source = { log, chosen: () => Slot(5), active: () => undefined, onAsked: () => {} }
  yield* serveCatchUp(context, new Map([[main, source]]))
  yield* serveSnapshots(context, new Map([[main, { store, onLagging: () => {} }]]))
  const bus: BusShape = yield* exchange.connect
  const ask = Effect.fnUntraced(function* (subject: string, body: Body) {
    const bytes = context.codec.encode(self, main, body)
    const asking = yield* Effect.forkChild(Effect.option(bus.request(subject, bytes, 100)))
    yield* pass
    const answer = yield* Fiber.join(asking)
    if (answer._tag === "None") return undefined
    const packet = context.codec.decode(answer.value)
    assert.isObject(packet)
    return (packet as Exclude<typeof packet, string>).body
  })
  return { ask, read, sizeBytes, subjects: context.subjects }
})

const pass = Effect.repeat(Effect.andThen(Effect.yieldNow, TestClock.adjust(5)), { times: 40 })
const most = Number.MAX_SAFE_INTEGER

/** What is asked for, and how many entries come; undefined where it is not even read. */
const questions: ReadonlyArray<readonly [from: number, maxBytes: number, entries: number | undefined]> = [
  [-1, 1000, undefined],
  [Number.NaN, 1000, undefined],
  [Number.POSITIVE_INFINITY, 1000, undefined],
  [1.5, 1000, undefined],
  [1, -1, undefined],
  [1, Number.NaN, undefined],
  [2 ** 60, 1000, undefined],
  [0, most, 0],
  [6, most, 0],
  [7, most, 0],
  [most, most, 0],
  [1, 0, 0],
  [1, 1, 1],
  [1, most, 5],
  [5, most, 1]
]

/** Where a piece of a snapshot is asked for, and how many bytes come of one of `size`. */
const pieces = (size: number): ReadonlyArray<readonly [number, number, number, number | undefined]> => [
  [-1, 0, 1000, undefined],
  [0, Number.NaN, 1000, undefined],
  [0, -1, 1000, undefined],
  [0, 0, most, size],
  [3, 0, most, size],
  [3, size, most, 0],
  [3, most, most, 0],
  [3, 0, 0, 0],
  [4, 0, most, 0],
  [most, most, most, 0]
]

describe("a node that is asked for", () => {
  it.effect("entries gives what there is, and nothing for questions that make no sense", () =>
    Effect.gen(function* () {
      const { ask, read, subjects } = yield* serving
      for (const [from, maxBytes, entries] of questions) {
        read.frames = 0
        const body = { _tag: "CatchUp", fromSlot: from as Slot, maxBytes } as const
        const answer = yield* ask(subjects.catchUp(NodeId("n1")), body)
        const named = `from ${from}, ${maxBytes} bytes`
        const bytes =
          answer?._tag === "CaughtUp"
            ? answer.runs.reduce((sum, run) => sum + run.bytes.length, 0)
            : undefined
        assert.strictEqual(bytes, entries === undefined ? undefined : entries * entryBytes, named)
        assert.isAtMost(read.frames, 20, named)
      }
    })
  )

  it.effect("pieces of a snapshot gives no more than there is", () =>
    Effect.gen(function* () {
      const { ask, sizeBytes, subjects } = yield* serving
      for (const [slot, offset, maxBytes, bytes] of pieces(sizeBytes)) {
        const body = { _tag: "AskSnapshot", slot: slot as Slot, offset, maxBytes } as const
        const answer = yield* ask(subjects.snapshot(NodeId("n1")), body)
        const got = answer?._tag === "SnapshotPart" ? answer.bytes.length : undefined
        assert.strictEqual(got, bytes, `slot ${slot}, from ${offset}, ${maxBytes} bytes`)
      }
    })
  )

  it.effect("entries does not read through what other groups have written between them", () =>
    Effect.gen(function* () {
      const { log, read } = yield* opened(yield* filesOf, (log, other) => {
        append(log, 1)
        for (let frames = 0; frames < 5000; frames++) other()
        append(log, 2)
        append(log, 3)
      })
      const first = log.read(Slot(1), Slot(3), 1 << 20)
      assert.deepStrictEqual(
        first.map((run) => run.first),
        [Slot(1)]
      )
      const rest = log.read(Slot(2), Slot(3), 1 << 20)
      assert.deepStrictEqual(
        rest.map((run) => run.first),
        [Slot(2), Slot(3)]
      )
      assert.isBelow(read.frames, 500)
    })
  )
})
