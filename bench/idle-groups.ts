/**
 * What groups cost of which nobody wants anything: starts three nodes with many groups, waits until these
 * have fallen silent, and reads how much of the processor the nodes use:
 * `node bench/idle-groups.ts [--groups 1000] [--seconds 20] [--settle 10] [--json]`, after a build.
 */
import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { readFlags, readNumber } from "../scripts/flags.ts"
import { startCluster } from "./cluster.ts"

const values = readFlags("node bench/idle-groups.ts [--groups 1000] [--seconds 20] [--settle 10] [--json]", {
  groups: { type: "string", default: "1000" },
  seconds: { type: "string", default: "20" },
  settle: { type: "string", default: "10" },
  json: { type: "boolean", default: false }
})
const groups = readNumber("groups", values.groups, { min: 1, isWhole: true })
const seconds = readNumber("seconds", values.seconds, { min: 0.1 })
const settleSeconds = readNumber("settle", values.settle, { min: 0 })

/** Of `/proc/<pid>/stat`: Linux counts in hundredths of a second. */
const ticksPerSecond = 100

/** The time of the processor that a process has used, in seconds. */
const usedSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

const startedMs = performance.now()
const cluster = await startCluster(groups)
try {
  const startSeconds = (performance.now() - startedMs) / 1000
  await sleep(settleSeconds * 1000)
  const before = cluster.pids.map(usedSeconds)
  await sleep(seconds * 1000)
  const percents = cluster.pids.map((pid, index) => ((usedSeconds(pid) - before[index]!) / seconds) * 100)
  const percent = percents.reduce((sum, one) => sum + one, 0)
  const rounded = (figure: number) => Math.round(figure * 100) / 100
  const result = {
    groups,
    startSeconds: rounded(startSeconds),
    percentOfCore: rounded(percent),
    ofNodes: percents.map(rounded)
  }
  if (values.json) console.log(JSON.stringify(result))
  else {
    console.log(`${groups} groups were led after ${result.startSeconds} s`)
    console.log(`idle: ${result.percentOfCore} % of one core for three nodes (${result.ofNodes.join(", ")})`)
  }
} finally {
  await cluster.stop()
}
process.exit(0)
