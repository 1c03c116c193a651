/**
 * Looks for a run in which the lock fails, makes it small, and draws it.
 * Run it: `tsx examples/lock-without-fencing/find.ts nothing` (or `writes`, or `"reads and writes"`)
 */
import { writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { formatRecipe, pictureOf, runCase, type Simulation, shrinkRun } from "aplomb/sim"
import type { Fencing } from "./lock.ts"
import { lockSimulation } from "./simulation.ts"

/** The first seed of `seeds` that fails. */
export const firstFailure = (simulation: Simulation, seeds: number) => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = simulation.run({ seed })
    if (failure !== undefined) return { seed, failure }
  }
  return undefined
}

const find = (simulation: Simulation): ReadonlyArray<string> => {
  const found = firstFailure(simulation, 200)
  if (found === undefined) return ["200 seeds, and every write built on the one before"]
  const shrunk = shrinkRun(simulation, { seed: found.seed, reseeds: [] })!
  const { recipe } = shrunk.smallest
  const trace: Array<Parameters<typeof pictureOf>[0]["entries"][number]> = []
  const listen = (entry: (typeof trace)[number]) => void trace.push(entry)
  const { failure, figures } = runCase(simulation, shrunk.smallest, { listen })
  const page = join(tmpdir(), "lock.html")
  const law = { law: failure!.name, message: failure!.message }
  writeFileSync(page, pictureOf({ title: simulation.name, entries: trace, failure: law }))
  return [
    `seed ${found.seed}: ${found.failure.message}`,
    `made small in ${shrunk.runs} runs: seed ${formatRecipe(recipe)}, ${figures.steps} steps`,
    `there: ${failure!.message}`,
    `drawn in ${page}`
  ]
}

const fencings: ReadonlyArray<Fencing> = ["nothing", "writes", "reads and writes"]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , word = "nothing", ...more] = process.argv
  const fencing = fencings.find((one) => one === word)
  if (fencing === undefined || more.length > 0) {
    console.error(`say what the lock fences: ${fencings.map((one) => `"${one}"`).join(", ")}`)
    process.exit(2)
  }
  for (const line of find(lockSimulation(fencing))) console.log(line)
}
