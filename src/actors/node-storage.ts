/** A node's storage: one write-ahead log, and in it the log of every group, under a number that stays. */
import { Effect } from "effect"
import { knob } from "../runtime/buggify.ts"
import { openWal } from "../runtime/storage/wal.ts"
import { GroupLog } from "./group-log.ts"
import type { NodeConfig } from "./node-config.ts"

/** Records of the node itself are in group 0; this one gives a group its number. */
const nodeGroup = 0
const groupNamed = 100

const frameMaxBytes = knob("wal-frame-bytes", 1 << 20, { min: 64, max: 8192 })

const encodeName = (number: number, name: string): ReadonlyArray<Uint8Array> => [
  Uint8Array.of(number & 0xff, number >>> 8),
  new TextEncoder().encode(name)
]

/** Opens the log of a node's data directory and takes in what it holds. */
export const openGroupLogs = Effect.fnUntraced(function* (config: NodeConfig) {
  const byNumber = new Map<number, GroupLog>()
  const numbers = new Map<string, number>()
  const wal = yield* openWal(
    {
      directory: config.data,
      clusterId: config.cluster,
      segmentBytes: config.segmentBytes,
      frameMaxBytes: frameMaxBytes.value
    },
    ({ type, group, body }, position) => {
      if (group !== nodeGroup) return byNumber.get(group)?.recover(type, body, position)
      if (type !== groupNamed) return
      const number = body[0]! | (body[1]! << 8)
      numbers.set(new TextDecoder().decode(body.subarray(2)), number)
      byNumber.set(number, new GroupLog(number))
    }
  )
  const logs = new Map<string, GroupLog>()
  for (const { name } of config.groups) {
    const number = numbers.get(name) ?? numbers.size + 1
    if (!numbers.has(name)) {
      numbers.set(name, number)
      wal.append(groupNamed, nodeGroup, encodeName(number, name))
    }
    const log = byNumber.get(number) ?? new GroupLog(number)
    log.attach(wal)
    logs.set(name, log)
  }
  yield* wal.mark
  return { wal, logs }
})
