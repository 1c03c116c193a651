/** A run that took its thread with it, as a finding: one that never ends, and one that fills the memory. */
import type { RunFailure } from "./result.ts"

/** The finding of a run that took longer than so much real time and was given up, and where it was then. */
export const hangFailure = (hangMs: number, stack: string | undefined): RunFailure => {
  const limit = hangMs < 1000 ? `${hangMs} ms` : `${hangMs / 1000} s`
  const message =
    `the run took more than ${limit} of real time and was given up. Look for a loop that neither ends nor ` +
    "yields: while it goes on, no guard gets a turn, that of livelocks included. If the run is only slow, " +
    "allow more (`--hang`)"
  const place = stack === undefined ? "" : `. It was\n${stack}`
  return { kind: "hang", name: "a run ends", message: `${message}${place}` }
}

/** The finding of a run in which a thread had no memory left; `past` is how many runs it had made before. */
export const memoryFailure = (past: number): RunFailure => {
  const message =
    "the run used up the memory of its thread. Look for a list, a map or a mailbox without a bound that grows"
  const before = past === 1 ? "the run" : `the ${past} runs`
  const left = `. If it does not by itself, look for what ${before} before it in its thread left behind`
  return { kind: "memory", name: "a run has memory enough", message: past === 0 ? message : message + left }
}
