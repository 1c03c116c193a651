/**
 * Overwrites few keys very many times, and prints how large the nodes and their directories are meanwhile:
 * `node bench/overwrites.ts [--count 20000000] [--keys 10000] [--size 64] [--json]`, after a build.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { readFlags, readNumber } from "../scripts/flags.ts"
import type { GroupClient } from "../src/client/group-client.ts"
import { replicated } from "../src/client/replicated.ts"
import { kvMachine } from "../src/machines/kv.ts"
import { natsBus } from "../src/runtime/bus/nats.ts"
import { Bus } from "../src/runtime/bus/port.ts"
import { pack } from "../src/runtime/codec.ts"
import { type Cluster, startCluster } from "./cluster.ts"

const values = readFlags("node bench/overwrites.ts [--count 20000000] [--keys 10000] [--size 64] [--json]", {
  count: { type: "string", default: "20000000" },
  keys: { type: "string", default: "10000" },
  size: { type: "string", default: "64" },
  json: { type: "boolean", default: false }
})
const total = readNumber("count", values.count, { min: 1, isWhole: true })
const keys = readNumber("keys", values.keys, { min: 1, isWhole: true })
const filler = "x".repeat(readNumber("size", values.size, { min: 0, max: 500_000, isWhole: true }))

const outstanding = 4096
const timeoutMs = 120_000
const samples = 20

/** Size of all files below a directory, in bytes; files that go away meanwhile count as nothing. */
const directoryBytes = (path: string): number =>
  readdirSync(path, { recursive: true, withFileTypes: true }).reduce((sum, entry) => {
    if (!entry.isFile()) return sum
    return sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
  }, 0)

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024

interface Sample {
  readonly written: number
  readonly perSecond: number
  /** The largest of the nodes. */
  readonly memoryMb: number
  readonly directoryMb: number
}

const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20)

/** Writes `count` values, the given number of them under way at any time; fails if any write does. */
const overwrite = (client: GroupClient, from: number, count: number): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const end = from + count
    let next = from
    let left = count
    const one = (): void => {
      const index = next++
      const key = `key-${index % keys}`
      const form = kvMachine.forms.command.encode({ _tag: "Put", key, value: `${index}-${filler}` })
      client.submitUnsafe(pack(form), timeoutMs, (_reply, _slot, failure) => {
        if (failure !== undefined) return resume(Effect.fail(failure))
        if (--left === 0) resume(Effect.void)
        else if (next < end) one()
      })
    }
    for (let begun = 0; begun < Math.min(outstanding, count); begun++) one()
  })

const measure = Effect.fnUntraced(function* (cluster: Cluster) {
  const bus = yield* natsBus({ servers: [cluster.servers], name: "overwrites" })
  const group = yield* replicated({ cluster: "bench", group: "main", machine: kvMachine }).pipe(
    Effect.provideService(Bus, bus)
  )
  const found: Array<Sample> = []
  const portion = Math.ceil(total / samples)
  for (let written = 0; written < total; written += portion) {
    const count = Math.min(portion, total - written)
    const startedMs = performance.now()
    yield* overwrite(group.client, written, count)
    const sample: Sample = {
      written: written + count,
      perSecond: Math.round((count / (performance.now() - startedMs)) * 1000),
      memoryMb: megabytes(Math.max(...cluster.pids.map(residentBytes))),
      directoryMb: megabytes(Math.max(...cluster.directories.map(directoryBytes)))
    }
    found.push(sample)
    if (!values.json) {
      const { perSecond, memoryMb, directoryMb } = sample
      console.log(
        [sample.written, perSecond, memoryMb, directoryMb]
          .map((figure) => String(figure).padStart(12))
          .join("")
      )
    }
  }
  return found
})

const cluster = await startCluster()
try {
  if (!values.json) console.log("     written  per second   memory MB directory MB")
  const found = await Effect.runPromise(Effect.scoped(measure(cluster)))
  const largest = (of: (sample: Sample) => number) => Math.max(...found.map(of))
  const result = {
    ...{ count: total, keys, valueBytes: filler.length },
    memoryMaxMb: largest(({ memoryMb }) => memoryMb),
    directoryMaxMb: largest(({ directoryMb }) => directoryMb)
  }
  if (values.json) console.log(JSON.stringify({ ...result, samples: found }))
  else console.log(`largest: ${result.memoryMaxMb} MB of memory, ${result.directoryMaxMb} MB of directory`)
} finally {
  await cluster.stop()
}
process.exit(0)
