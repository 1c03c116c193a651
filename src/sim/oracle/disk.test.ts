/** What the laws know of a disk: what is durable on it, also when it goes back in time. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { encodeRecord } from "../../actors/log/records.ts"
import { kvMachine } from "../../machines/kv.ts"
import { Ballot, Slot } from "../../protocol/ids.ts"
import { readIdentity, writeIdentity } from "../../runtime/storage/identity.ts"
import { openWal } from "../../runtime/storage/wal.ts"
import { onDisk } from "../disk/disk.test-support.ts"
import { DiskLog } from "./disk.ts"

const options = { directory: "/data", clusterId: "c", segmentBytes: 16_384 }
const group = 1
/** One empty entry: a length of 0. */
const bytes = new Uint8Array(4)

const entry = (ballot: number, slot: number) =>
  encodeRecord({
    _tag: "Appended",
    run: { ballot: Ballot(ballot), first: Slot(slot), count: 1, atMs: 0, bytes }
  })

/** Opens the log, and has these entries durable, each in a frame of its own. */
const written = (...entries: ReadonlyArray<readonly [ballot: number, slot: number]>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const wal = yield* openWal(options, () => {})
      for (const [ballot, slot] of entries) {
        const { type, parts } = entry(ballot, slot)
        wal.append(type, group, parts)
        yield* wal.mark
      }
    })
  )

describe("a disk as the laws read it", () => {
  it("tells of what is written and replaced, and not again when the disk goes back in time", () => {
    const seen = onDisk({}, ({ disk }) =>
      Effect.gen(function* () {
        const log = new DiskLog(disk, "/data", kvMachine)
        const replaced: Array<number> = []
        log.group(group).onReplaced = (first) => replaced.push(first)
        const durable: Array<number> = []
        log.group(group).onDurable = (first) => durable.push(first)
        yield* written([1, 1], [1, 2], [2, 2])
        log.catchUp()
        const old = disk.snapshot()
        yield* written([2, 3])
        log.catchUp()
        const before = { frames: log.frames, last: log.group(group).entries.last, replaced: [...replaced] }
        disk.restore(old)
        log.catchUp()
        const after = { frames: log.frames, last: log.group(group).entries.last, replaced: [...replaced] }
        const had = log.group(group).before?.last
        yield* written([3, 2])
        log.catchUp()
        return { before, after, had, replaced, durable }
      })
    )
    expect(seen.value.before).toEqual({ frames: 4, last: 3, replaced: [2] })
    expect(seen.value.after).toEqual({ frames: 3, last: 2, replaced: [2] })
    expect(seen.value.had).toBe(3)
    expect(seen.value.replaced).toEqual([2, 2])
    expect(seen.value.durable).toEqual([1, 2, 2, 3, 2])
  })

  it("goes on where a power cut has taken a segment that nothing was in, and it was made anew", () => {
    const seen = onDisk({}, ({ disk }) =>
      Effect.gen(function* () {
        const log = new DiskLog(disk, "/data", kvMachine)
        const path = "/data/wal/000000000001.log"
        yield* written()
        log.catchUp()
        const identity = yield* readIdentity("/data", "c", undefined)
        yield* writeIdentity("/data", { ...identity!, segments: 0, durable: 0 })
        const wasThere = disk.image.files.delete(path)
        yield* written([1, 1])
        log.catchUp()
        return { wasThere, frames: log.frames, last: log.group(group).entries.last }
      })
    )
    expect(seen.value).toEqual({ wasThere: true, frames: 1, last: 1 })
  })
})
