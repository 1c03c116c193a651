/** A thread whose tasks are words: `spin` never ends, `leave` ends the thread, the others end at once. */
import { parentPort } from "node:worker_threads"

const spinForEver = (): void => {
  let turns = 0
  while (turns < Number.POSITIVE_INFINITY) turns++
}

parentPort?.on("message", ({ recipe }: { readonly recipe: string }) => {
  if (recipe === "spin") spinForEver()
  if (recipe === "leave") process.exit(3)
  parentPort?.postMessage({ _tag: "Ran", answer: { result: {} } })
})
parentPort?.postMessage({ _tag: "Ready" })
