/**
 * Programmer errors: conditions that hold whatever the network, the disk and the clients do. Always checked.
 */

/** A broken invariant is a bug in Aplomb, never bad luck: the process that finds one stops. */
class InvariantBroken extends Error {
  override readonly name = "InvariantBroken"
}

/** Stops with `sentence` unless `condition` holds. */
export function invariant(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new InvariantBroken(sentence)
}
