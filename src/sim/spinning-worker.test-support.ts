/**
 * A thread whose tasks are words: `spin` never ends, `fill` takes all memory, `leave` ends the thread, the
 * others end at once.
 */
import { BroadcastChannel, parentPort } from "node:worker_threads"

/** Hears a word when a thread is about to spin: whoever asks for its stack sooner is shown another. */
export const spinningChannel = "a thread spins"

const spinForEver = (): void => {
  let turns = 0
  while (turns < Number.POSITIVE_INFINITY) turns++
}

const kept: Array<object> = []
const fill = (): void => {
  while (kept.length < Number.POSITIVE_INFINITY) kept.push({ by: kept.length })
}

parentPort?.on("message", ({ recipe }: { readonly recipe: string }) => {
  if (recipe === "spin") {
    new BroadcastChannel(spinningChannel).postMessage(recipe)
    spinForEver()
  }
  if (recipe === "fill") fill()
  if (recipe === "leave") process.exit(3)
  parentPort?.postMessage({ _tag: "Ran", answer: { result: {} } })
})
parentPort?.postMessage({ _tag: "Ready" })
