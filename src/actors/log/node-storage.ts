/** A node's storage: one write-ahead log, and in it the log of every group, under a number that stays. */
import { Effect } from "effect"
import { knob } from "../../runtime/buggify.ts"
import { StorageCorrupted } from "../../runtime/storage/errors.ts"
import { openWal } from "../../runtime/storage/wal.ts"
import { KeeperStore } from "../master/keeper-store.ts"
import type { NodeConfig } from "../node/config.ts"
import { spawnSoon } from "../node/soon.ts"
import { Floors } from "../presence/floors.ts"
import type { Compacted } from "./compaction.ts"
import { GroupLog } from "./group-log.ts"

/** Records of the node itself are in group 0; this one gives a group its number. */
const nodeGroup = 0
const groupNamed = 100

const frameMaxBytes = knob("wal-frame-bytes", 1 << 20, { min: 64, max: 8192 })

const encodeName = (number: number, name: string): ReadonlyArray<Uint8Array> => [
  Uint8Array.of(number & 0xff, number >>> 8),
  new TextEncoder().encode(name)
]

/** A node with so many groups gathers what they have to write: there is always somebody else who writes. */
const gathersFrom = knob("gather-writes-from-groups", 8, { min: 1, max: 8 })

/** Opens the log of a node's data directory and takes in what it holds. */
export const openGroupLogs = Effect.fnUntraced(function* (config: NodeConfig) {
  const byNumber = new Map<number, GroupLog>()
  // The record that names a group may have been written anew behind the group's own.
  const logOf = (number: number): GroupLog => {
    let log = byNumber.get(number)
    if (log === undefined) {
      log = new GroupLog(number, config.segmentBytes, config.snapshotBytes)
      byNumber.set(number, log)
    }
    return log
  }
  const numbers = new Map<string, number>()
  const keeper = new KeeperStore()
  const floors = new Floors()
  const writer =
    config.groups.length < gathersFrom.value ? undefined : yield* spawnSoon(`${config.node}/writer`)
  const wal = yield* openWal(
    {
      directory: config.data,
      clusterId: config.cluster,
      node: config.node,
      segmentBytes: config.segmentBytes,
      frameMaxBytes: frameMaxBytes.value,
      ...(writer && { soon: writer.soon })
    },
    ({ type, group, body }, position) => {
      if (group !== nodeGroup) return logOf(group).recover(type, body, position)
      if (type !== groupNamed) {
        floors.recover(type, body)
        return keeper.recover(type, body)
      }
      const number = body[0]! | (body[1]! << 8)
      numbers.set(new TextDecoder().decode(body.subarray(2)), number)
      logOf(number)
    }
  )
  const framesFound = wal.stats().frames
  const logs = new Map<string, GroupLog>()
  for (const { name } of config.groups) {
    const number = numbers.get(name) ?? numbers.size + 1
    if (!numbers.has(name)) {
      numbers.set(name, number)
      wal.append(groupNamed, nodeGroup, encodeName(number, name))
    }
    logs.set(name, logOf(number))
  }
  for (const log of byNumber.values()) {
    log.attach(wal)
    if (log.lostBefore === undefined) continue
    const reason = `the entries before slot ${log.lostBefore} of group ${log.groupNumber} are gone`
    return yield* new StorageCorrupted({ path: `${config.data}/wal`, offset: 0, reason })
  }
  keeper.attach(wal)
  floors.attach(wal)
  yield* wal.mark
  const checkpoint = () => {
    for (const [name, number] of numbers) wal.append(groupNamed, nodeGroup, encodeName(number, name))
  }
  const compacted: Compacted = {
    wal,
    logs: [...byNumber.values()],
    checkpoints: [checkpoint, () => keeper.checkpoint(), () => floors.checkpoint()]
  }
  const actors = writer === undefined ? [] : [writer.actor]
  return { wal, framesFound, logs, keeper, floors, compacted, actors }
})
