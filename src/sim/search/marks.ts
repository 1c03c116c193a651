/**
 * The fingerprint of a state: a sum over the weights of its parts, the least one under all names of the
 * nodes.
 */

const sums = new Int32Array(2 * 120)

/** Begins a fingerprint. */
export const clearMark = (): void => {
  sums.fill(0)
}

/** Adds the part of a number to the fingerprint; `words` is two for each renaming of the nodes. */
export const addToMark = (weights: Int32Array, id: number, words: number): void => {
  const from = words * id
  for (let at = 0; at < words; at++) sums[at] = (sums[at]! + weights[from + at]!) | 0
}

/** Writes down the least of the sums: it stands for all that differ in the names of nodes only. */
export const takeMark = (words: number, into: Int32Array): void => {
  into[0] = sums[0]!
  into[1] = sums[1]!
  for (let at = 2; at < words; at += 2) {
    const high = sums[at]!
    if (high > into[0]! || (high === into[0]! && sums[at + 1]! >= into[1]!)) continue
    into[0] = high
    into[1] = sums[at + 1]!
  }
}
