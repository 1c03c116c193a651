/** A worker thread that runs seeds of named simulations, one after the other as it is told. */

import "./kernel/eager-compilation.ts"
import "./kernel/lean-fibers.ts"
import { parentPort } from "node:worker_threads"
import { declaredAssertions } from "./assert.ts"
import { watchedForExploration } from "./explore/protocol-marks.ts"
import { threadCpuMs } from "./runs/cpu.ts"
import { recipeOf } from "./runs/seeds.ts"
import { scenarioNamed } from "./scenarios/named.ts"
import type { WorkerAnswer, WorkerTask, WorkerWord } from "./worker-pool.ts"

const run = ({ simulation: name, recipe, scheduler, isExploring }: WorkerTask): WorkerAnswer => {
  const found = scenarioNamed(name)
  if (found === undefined) throw new Error(`there is no simulation called ${name}`)
  const simulation = isExploring === true ? watchedForExploration(found) : found
  const before = threadCpuMs()
  const seed = recipeOf(recipe)
  const result = simulation.run({ seed, ...(scheduler === undefined ? {} : { scheduler }) })
  return { result, cpuMs: threadCpuMs() - before, declared: declaredAssertions() }
}

const tell = (word: WorkerWord): void => parentPort?.postMessage(word)

parentPort?.on("message", (task: WorkerTask) => tell({ _tag: "Ran", answer: run(task) }))
tell({ _tag: "Ready" })
