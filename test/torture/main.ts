/** `npm run torture`: real processes under faults drawn from a seed; says how to run the same plan again. */
import { copyFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { readFlags } from "../../scripts/flags.ts"
import { type FaultKind, faultKinds } from "./plan.ts"
import { torture } from "./torture.ts"

const values = readFlags(
  "npm run torture -- [--minutes 5] [--seed N] [--kinds A,B] [--acceptors 3] [--spares 1] " +
    "[--clients 3] [--report FILE] [--keep]",
  {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: String(1 + (Date.now() % 100_000)) },
    kinds: { type: "string" },
    acceptors: { type: "string", default: "3" },
    spares: { type: "string", default: "1" },
    clients: { type: "string", default: "3" },
    report: { type: "string" },
    keep: { type: "boolean", default: false }
  }
)

const usage = (reason: string): never => {
  console.error(`${reason}; kinds are ${Object.keys(faultKinds).join(", ")}`)
  process.exit(2)
}

const number = (name: keyof typeof values, least: number): number => {
  const value = Number(values[name])
  return Number.isFinite(value) && value >= least ? value : usage(`--${name} takes a number from ${least} on`)
}

const isKind = (kind: string): kind is FaultKind => kind in faultKinds
const kinds = (values.kinds?.split(",") ?? Object.keys(faultKinds)).map((kind) =>
  isKind(kind) ? kind : usage(`"${kind}" is no kind of fault`)
)

const options = {
  seed: number("seed", 0),
  forMs: number("minutes", 0.1) * 60_000,
  kinds,
  acceptors: number("acceptors", 1),
  spares: number("spares", 0),
  clients: number("clients", 1),
  say: (line: string) => console.error(line)
}

console.error(`seed ${options.seed}, ${options.forMs / 60_000} minutes`)
const { result, directory } = await Effect.runPromise(Effect.scoped(torture(options)))
const report = join(directory, "report.md")
if (values.report !== undefined) copyFileSync(report, values.report)
const passed = result.findings.length === 0
console.log(`seed ${options.seed}: ${passed ? "passed" : "FAILED"}`)
for (const finding of result.findings) console.log(`- ${finding}`)
if (passed && !values.keep) rmSync(directory, { recursive: true, force: true })
else console.log(`everything is in ${directory}; the same plan: npm run torture -- --seed ${options.seed}`)
process.exit(passed ? 0 : 1)
