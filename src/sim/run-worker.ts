/** A worker thread that runs seeds of named simulations, one after the other as it is told. */

import "./eager-compilation.ts"
import "./lean-fibers.ts"
import { parentPort } from "node:worker_threads"
import { declaredAssertions } from "./assert.ts"
import { threadCpuMs } from "./run-cpu.ts"
import type { WorkerAnswer, WorkerTask } from "./run-seeds.ts"
import { scenarioNamed } from "./scenarios/named.ts"
import { recipeOf } from "./seeds.ts"

const run = ({ simulation, recipe, scheduler }: WorkerTask): WorkerAnswer => {
  const found = scenarioNamed(simulation)
  if (found === undefined) throw new Error(`there is no simulation called ${simulation}`)
  const before = threadCpuMs()
  const result = found.run({ seed: recipeOf(recipe), ...(scheduler === undefined ? {} : { scheduler }) })
  return { result, cpuMs: threadCpuMs() - before, declared: declaredAssertions() }
}

parentPort?.on("message", (task: WorkerTask) => parentPort?.postMessage(run(task)))
