/**
 * Runs the measurements side by side, in rounds, and prints medians: our cluster, the floors below it, peers
 * beside it.
 */
import { readFlags, readNumber } from "../scripts/flags.ts"
import type { BenchRow } from "../src/cli/bench/bench.ts"
import { demandBuild, measureCluster, startCluster } from "./cluster.ts"
import { measureSyncedWrites } from "./floor-disk.ts"
import { measureRoundTrips, type RoundTrip } from "./floor-nats.ts"
import { measureEtcd } from "./peer-etcd.ts"
import { measureJetStream } from "./peer-jetstream.ts"
import { medianOf } from "./processes.ts"

const values = readFlags("npm run bench -- [--rounds 5] [--seconds 2] [--peers] [--json] [--quick]", {
  rounds: { type: "string", default: "5" },
  seconds: { type: "string", default: "2" },
  peers: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  quick: { type: "boolean", default: false }
})
const rounds = readNumber("rounds", values.rounds, { min: 1, isWhole: true })
const forMs = readNumber("seconds", values.seconds, { min: 0.1 }) * 1000

/** The rows that are measured of our own cluster: client processes, outstanding, bytes of a value. */
const plans: ReadonlyArray<ReadonlyArray<string>> = values.quick
  ? [["--outstanding", "1,256"]]
  : [
      ["--outstanding", "256,4096,16,1"],
      ["--outstanding", "256,4096", "--size", "1024"],
      ["--outstanding", "4096", "--clients", "4"],
      ["--outstanding", "1,256", "--kind", "get"]
    ]

const measured = new Map<string, Array<{ perSecond: number; p50Ms: number; p99Ms: number; p999Ms: number }>>()
const note = (
  name: string,
  figures: { perSecond: number; p50Ms: number; p99Ms?: number; p999Ms?: number }
) => {
  const rows = measured.get(name) ?? []
  rows.push({ p99Ms: Number.NaN, p999Ms: Number.NaN, ...figures })
  measured.set(name, rows)
}
const nameOf = (row: BenchRow) =>
  `${row.kind === "put" ? "write" : "linearizable read"}, ${row.outstanding} outstanding, ` +
  `${row.clients} client process${row.clients > 1 ? "es" : ""}, ${row.valueBytes} B`
const noteTrips = (name: string, trips: ReadonlyArray<RoundTrip>) => {
  for (const trip of trips) note(`${name}, ${trip.outstanding} outstanding`, trip)
}

const memoryMb: Array<number> = []

const round = async (): Promise<void> => {
  noteTrips("floor: NATS round trip", await measureRoundTrips(forMs))
  const { p50Ms } = await measureSyncedWrites(forMs)
  note("floor: synced 4 KB write, three processes", { perSecond: Math.round(1000 / p50Ms), p50Ms })
  const cluster = await startCluster()
  try {
    for (const plan of plans) {
      const { rows, memory } = await measureCluster(cluster, [...plan, "--for", `${forMs}ms`])
      for (const row of rows) note(nameOf(row), row)
      memoryMb.push(...memory.map(({ memoryBytes }) => memoryBytes / 1e6))
    }
  } finally {
    await cluster.stop()
  }
  if (!values.peers) return
  const jetStream = await measureJetStream(forMs)
  if (jetStream !== undefined) noteTrips("peer: JetStream, 3 file copies, not synced", jetStream)
  const etcd = await measureEtcd(forMs)
  if (etcd === undefined) return
  noteTrips("peer: etcd, 3 members, JSON gateway", etcd.gateway)
  const perSecond = etcd.ownToolPerSecond
  if (perSecond !== undefined)
    note("peer: etcd, 3 members, its own load tool", { perSecond, p50Ms: Number.NaN })
}

demandBuild()
for (let number = 1; number <= rounds; number++) {
  if (!values.json) console.error(`round ${number} of ${rounds}`)
  await round()
}

const table = [...measured].map(([name, rows]) => ({
  name,
  perSecond: medianOf(rows.map((row) => row.perSecond)),
  p50Ms: medianOf(rows.map((row) => row.p50Ms)),
  p99Ms: medianOf(rows.map((row) => row.p99Ms)),
  p999Ms: medianOf(rows.map((row) => row.p999Ms))
}))
const memory = { maxMb: Math.round(Math.max(...memoryMb)) }
if (values.json) console.log(JSON.stringify({ rounds, forMs, table, memory }))
else {
  const ms = (value: number) => (Number.isNaN(value) ? "-" : value.toFixed(2)).padStart(9)
  console.log(`${"median of rounds".padEnd(62)}  per second   p50 ms   p99 ms  p99.9 ms`)
  for (const row of table) {
    const rate = String(row.perSecond).padStart(12)
    console.log(`${row.name.padEnd(62)}${rate}${ms(row.p50Ms)}${ms(row.p99Ms)} ${ms(row.p999Ms)}`)
  }
  console.log(`largest memory of a node: ${memory.maxMb} MB`)
}
