/** `npm run torture`: real processes under faults drawn from a seed; says how to run the same plan again. */
import { copyFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { giveUp, readFlags, readNumber } from "../../scripts/flags.ts"
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

const isKind = (kind: string): kind is FaultKind => Object.hasOwn(faultKinds, kind)
const kinds = (values.kinds?.split(",") ?? Object.keys(faultKinds)).map((kind) =>
  isKind(kind)
    ? kind
    : giveUp(`"${kind}" is no kind of fault; kinds are ${Object.keys(faultKinds).join(", ")}`)
)

const count = (name: "seed" | "acceptors" | "spares" | "clients", min: number): number =>
  readNumber(name, values[name], { min, isWhole: true })

const options = {
  seed: count("seed", 0),
  forMs: readNumber("minutes", values.minutes, { min: 0.1 }) * 60_000,
  kinds,
  acceptors: count("acceptors", 1),
  spares: count("spares", 0),
  clients: count("clients", 1),
  say: (line: string) => console.error(line)
}

console.error(`seed ${options.seed}, ${options.forMs / 60_000} minutes`)
// Interrupted, it stops its processes and unmounts its small disk before it ends.
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort())
const ended = Effect.runPromise(Effect.scoped(torture(options)), { signal: stop.signal })
const { result, directory } = await ended.catch((error) => {
  if (!stop.signal.aborted) throw error
  console.error("interrupted; all that it had started is stopped")
  process.exit(130)
})
const report = join(directory, "report.md")
if (values.report !== undefined) copyFileSync(report, values.report)
const passed = result.findings.length === 0
console.log(`seed ${options.seed}: ${passed ? "passed" : "FAILED"}`)
for (const finding of result.findings) console.log(`- ${finding}`)
if (passed && !values.keep) rmSync(directory, { recursive: true, force: true })
else console.log(`everything is in ${directory}; the same plan: npm run torture -- --seed ${options.seed}`)
process.exit(passed ? 0 : 1)
