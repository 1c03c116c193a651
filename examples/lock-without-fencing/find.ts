/** Looks for a run in which the lock fails, makes it small, and draws it. */
import { writeFileSync } from "node:fs"
import { formatRecipe, pictureOf, runCase, shrinkRun, type TraceEntry } from "aplomb/sim"
import { lockSimulation } from "./simulation.ts"
import type { Fencing } from "./store.ts"

const fencings: ReadonlyArray<Fencing> = ["nothing", "writes", "reads and writes"]
const fencing = fencings.find((one) => one === process.argv[2])
if (fencing === undefined) throw new Error(`say what the lock fences: "${fencings.join('", "')}"`)
const simulation = lockSimulation(fencing)

const makeSmall = (seed: number) => {
  const { smallest, runs } = shrinkRun(simulation, { seed, reseeds: [] })!
  const entries: Array<TraceEntry> = []
  const { failure, figures } = runCase(simulation, smallest, { listen: (entry) => entries.push(entry) })
  const { name: law, message } = failure!
  console.log(`made small in ${runs} runs: seed ${formatRecipe(smallest.recipe)}, ${figures.steps} steps`)
  console.log(`there: ${message}`)
  writeFileSync("lock.html", pictureOf({ title: simulation.name, entries, failure: { law, message } }))
  console.log("drawn in lock.html")
}

const find = (seeds: number) => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = simulation.run({ seed })
    if (failure === undefined) continue
    console.log(`seed ${seed}: ${failure.message}`)
    return makeSmall(seed)
  }
  console.log(`${seeds} seeds, and every write built on the one before`)
}

find(100)
