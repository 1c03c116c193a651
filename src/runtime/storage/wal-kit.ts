/**
 * What the tests of the log share: small segments in memory, and records that can be told from each other.
 */
import { Effect } from "effect"
import type { MemoryDisk } from "./memory.ts"
import type { WalRecord } from "./records.ts"
import { openWal, type Wal, type WalFailure, type WalOptions } from "./wal.ts"

/** Opens a log of 4 KB segments, keeping copies of the records that it holds. */
export const openSmall = (disk: MemoryDisk, seen: Array<WalRecord> = [], options: Partial<WalOptions> = {}) =>
  openWal(
    { directory: "node", clusterId: "c", segmentBytes: 4096, frameMaxBytes: 1024, ...options },
    (record) => seen.push({ ...record, body: record.body.slice() })
  ).pipe(Effect.provide(disk.layer()))

export const syncOf = (wal: Wal) =>
  Effect.callback<number, WalFailure>((resume) => {
    wal.sync((failure, position) => resume(failure ? Effect.fail(failure) : Effect.succeed(position)))
  })

/** Stages a record of a group. Each in a frame of its own, four of the usual size fill a segment. */
export const append = (wal: Wal, group: number, sizeBytes = 900) =>
  wal.append(1, group, [new Uint8Array(sizeBytes).fill(1)])

export const groupsOf = (records: ReadonlyArray<WalRecord>) => records.map((record) => record.group)

export const segmentPath = (segment: number) => `node/wal/${String(segment).padStart(12, "0")}.log`

/** Draws whole numbers below a bound, the same ones for the same seed. */
export const drawing = (seed: number) => {
  let state = seed * 7919 + 1
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** The record number `index` of a history: its number in the group, its body drawn from it. */
export const stage = (wal: Wal, index: number, draw: (below: number) => number) => {
  const body = new Uint8Array(draw(8) === 0 ? draw(3000) : draw(120)).map((_, at) => index * 31 + at)
  wal.append(index % 256, index, [body.subarray(0, 5), body.subarray(5)])
}

export const isWhole = (record: WalRecord, index: number) =>
  record.group === index &&
  record.type === index % 256 &&
  record.body.every((byte, at) => byte === ((index * 31 + at) & 255))

/** Lets what runs beside come to rest. */
export const settle = Effect.gen(function* () {
  for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
})
