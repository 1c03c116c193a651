/** Numbers that look drawn, and are the same each time. */

/** Gives numbers from 0 to below what it is asked for, another sequence for each seed. */
export const drawing = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
