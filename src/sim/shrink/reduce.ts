/** Making something smaller while it still fails: a list by leaving items out, a number by lowering it. */

export interface Reduced<A> {
  readonly value: A
  /** How often the question was asked. */
  readonly tests: number
}

/**
 * Delta debugging (Zeller's ddmin): leaves out ever smaller parts of `items` as long as `fails` holds for the
 * rest. The result fails, and where `testsMax` allowed it, it does not without any single one of its items.
 * `items` itself must fail.
 */
export const reduceList = <A>(
  items: ReadonlyArray<A>,
  fails: (items: ReadonlyArray<A>) => boolean,
  testsMax = Number.POSITIVE_INFINITY
): Reduced<ReadonlyArray<A>> => {
  let kept = items
  let tests = 0
  const stillFails = (candidate: ReadonlyArray<A>): boolean => {
    tests++
    return fails(candidate)
  }
  if (kept.length > 0 && tests < testsMax && stillFails([])) return { value: [], tests }
  let parts = Math.min(2, kept.length)
  while (kept.length > 1 && tests < testsMax) {
    const smaller = withoutOnePart(kept, parts, (candidate) => tests < testsMax && stillFails(candidate))
    if (smaller !== undefined) {
      kept = smaller
      parts = Math.max(2, Math.min(parts - 1, kept.length))
    } else if (parts < kept.length) parts = Math.min(kept.length, parts * 2)
    else break
  }
  return { value: kept, tests }
}

const withoutOnePart = <A>(
  items: ReadonlyArray<A>,
  parts: number,
  fails: (candidate: ReadonlyArray<A>) => boolean
): ReadonlyArray<A> | undefined => {
  for (let part = parts - 1; part >= 0; part--) {
    const from = Math.floor((part * items.length) / parts)
    const to = Math.floor(((part + 1) * items.length) / parts)
    const rest = [...items.slice(0, from), ...items.slice(to)]
    if (rest.length < items.length && fails(rest)) return rest
  }
  return undefined
}

/**
 * The lowest number from `least` to `value` found to fail: by halving the way down, then step by step. What
 * fails need not do so for every number above, so this is a search, not a proof.
 */
export const reduceNumber = (
  value: number,
  least: number,
  fails: (candidate: number) => boolean,
  testsMax = Number.POSITIVE_INFINITY
): Reduced<number> => {
  let kept = value
  let tests = 0
  let step = kept - least
  while (step >= 1 && tests < testsMax) {
    const candidate = kept - step
    const possible = candidate >= least && candidate < kept
    if (possible) tests++
    if (possible && fails(candidate)) {
      kept = candidate
      step = Math.min(step, kept - least)
    } else step = Math.floor(step / 2)
  }
  return { value: kept, tests }
}
