/** A thread whose tasks are words: `spin` never ends, `leave` ends the thread, the others end at once. */
import { BroadcastChannel, parentPort } from "node:worker_threads"

/** Hears a word when a thread is about to spin: whoever asks for its stack sooner is shown another. */
export const spinningChannel = "a thread spins"

const spinForEver = (): void => {
  let turns = 0
  while (turns < Number.POSITIVE_INFINITY) turns++
}

parentPort?.on("message", ({ recipe }: { readonly recipe: string }) => {
  if (recipe === "spin") {
    new BroadcastChannel(spinningChannel).postMessage(recipe)
    spinForEver()
  }
  if (recipe === "leave") process.exit(3)
  parentPort?.postMessage({ _tag: "Ran", answer: { result: {} } })
})
parentPort?.postMessage({ _tag: "Ready" })
