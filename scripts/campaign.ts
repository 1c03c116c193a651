/**
 * Runs seeds of all scenarios, the one with the fewest first, and writes down what was run and found:
 *
 *     npm run campaign -- --minutes 30 --jobs 2
 *
 * Goes on where it was left. Ends with code 1 when a seed fails, after it has written that down.
 */
import { spawnSync } from "node:child_process"
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { CampaignReport } from "../src/sim/runs/report.ts"
import { type Batch, nextScenario, nextSeed, pageOf, readRecord } from "./campaign-record.ts"
import { giveUp, readFlags, readNumber } from "./flags.ts"

const root = join(import.meta.dirname, "..")
const cli = join(root, "dist/cli/main.js")

const values = readFlags(
  "npm run campaign -- [--seeds 10000] [--batch 500] [--minutes 60] [--jobs 1] [--record FILE.jsonl]",
  {
    seeds: { type: "string", default: "10000" },
    batch: { type: "string", default: "500" },
    minutes: { type: "string", default: "60" },
    jobs: { type: "string", default: "1" },
    record: { type: "string", default: join(root, "docs/campaigns.jsonl") }
  }
)
const seeds = readNumber("seeds", values.seeds, { min: 1, isWhole: true })
const batchSeeds = readNumber("batch", values.batch, { min: 1, isWhole: true })
const jobs = readNumber("jobs", values.jobs, { min: 1, isWhole: true })
const endMs = Date.now() + readNumber("minutes", values.minutes, { min: 0 }) * 60_000

if (!existsSync(cli)) giveUp("there is no build to run: do npm run build first")

const output = (command: string, args: ReadonlyArray<string>): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28
  })
  // The simulator ends with 1 where it has found something, and prints its report all the same.
  if (error !== undefined || (status !== 0 && stdout === ""))
    giveUp(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr}`)
  return stdout
}

const code = output("git", ["rev-parse", "--short", "HEAD"]).trim()
const changed = output("git", ["status", "--porcelain", "--", "src", "package-lock.json"]).trim()
if (changed !== "")
  giveUp("src has changes that are not committed: a record of what ran them would name other code")

const run = (scenario: string, from: number, count: number): Batch => {
  const flags = [
    "--from",
    String(from),
    "--seeds",
    String(count),
    "--jobs",
    String(jobs),
    "--keep-going",
    "20"
  ]
  const lines = output(process.execPath, [cli, "sim", "run", scenario, ...flags, "--json"])
    .trim()
    .split("\n")
  const report = JSON.parse(lines.at(-1)!) as CampaignReport
  return {
    scenario,
    from,
    seeds: report.runs,
    code,
    date: new Date().toISOString().slice(0, 10),
    messages: report.figures.messages,
    virtualMs: Math.round(report.figures.virtualMs),
    cpuMs: Math.round(report.cpuMs),
    findings: report.findings.map(({ recipe }) => `seed ${recipe}`),
    undecided: report.undecided.map((recipe) => `seed ${recipe}`),
    unseen: report.unseen.map(({ name }) => name)
  }
}

const scenarios = (
  JSON.parse(output(process.execPath, [cli, "sim", "list", "--json"])) as Array<{ name: string }>
).map(({ name }) => name)
const batches = existsSync(values.record) ? [...readRecord(readFileSync(values.record, "utf8"))] : []
const page = values.record.replace(/(\.jsonl)?$/, ".md")
const writePage = () => writeFileSync(page, pageOf(batches, scenarios))
writePage()
while (Date.now() < endMs) {
  const scenario = nextScenario(batches, scenarios, seeds)
  if (scenario === undefined) break
  const from = nextSeed(batches, scenario)
  const batch = run(scenario, from, Math.min(batchSeeds, Math.max(1, seeds + 1 - from)))
  batches.push(batch)
  appendFileSync(values.record, `${JSON.stringify(batch)}\n`)
  writePage()
  const found = batch.findings.length === 0 ? "nothing found" : batch.findings.join(", ")
  const undecided = (batch.undecided ?? []).map((name) => `; history not decided: ${name}`).join("")
  console.log(`${scenario} ${from} to ${from + batch.seeds - 1}: ${found}${undecided}`)
  if (batch.findings.length > 0) process.exitCode = 1
}
