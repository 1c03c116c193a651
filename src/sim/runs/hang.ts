/** A run that never comes to its end, as a finding. */
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
