/** Makes the way to a broken law shorter: steps left out, and then the shortest way that its steps allow. */
import { ExhaustiveSearch, type Found } from "./exhaustive.ts"
import { type Model, State, withActions } from "./model.ts"

/** The law that a sentence about it begins with. */
export const lawOf = (broken: string): string => broken.split(":")[0]!

/** States of the search for the shortest order of the steps that are left. */
const statesMax = 200_000

/**
 * A way from the first state that breaks the same law and has no step too many: without any one of its steps
 * the others do not break it.
 */
export const shrink = (model: Model, found: Found): Found => {
  const law = lawOf(found.broken)
  let best = found
  const attempt = (actions: ReadonlyArray<number>): boolean => {
    const again = replay(model, actions)
    if (again === undefined || lawOf(again.broken) !== law || again.actions.length >= best.actions.length)
      return false
    best = again
    return true
  }
  for (let size = best.actions.length >> 1; size > 0; size = leaveOut(best, size, attempt)) {
    // Goes on with parts of the size that it says.
  }
  const shortest = new ExhaustiveSearch(restricted(model, new Set(best.actions)), { statesMax }).advance(
    statesMax
  )
  if (shortest?.found === undefined || lawOf(shortest.found.broken) !== law) return best
  return shortest.found.actions.length < best.actions.length ? shortest.found : best
}

/** Leaves out parts of one size; the size to go on with, 0 where nothing can be left out any more. */
const leaveOut = (
  found: Found,
  size: number,
  attempt: (actions: ReadonlyArray<number>) => boolean
): number => {
  for (let from = found.actions.length - size; from > -size; from -= size) {
    const start = Math.max(0, from)
    if (attempt([...found.actions.slice(0, start), ...found.actions.slice(from + size)])) return size
  }
  return size >> 1
}

/**
 * Takes the actions one after the other and passes over those that cannot happen; what they break, with the
 * actions that did happen.
 */
export const replay = (model: Model, actions: ReadonlyArray<number>): Found | undefined => {
  const [state, next, possible] = [new State(), new State(), new State()]
  const taken: Array<number> = []
  model.initial(state)
  for (const action of actions) {
    model.actions(state, possible)
    if (!possible.words.subarray(0, possible.size).includes(action)) continue
    const outcome = model.next(state, action, next)
    if (outcome === "nothing") continue
    taken.push(action)
    if (outcome === "broken") return { broken: model.broken(), actions: taken }
    state.copyFrom(next)
  }
  return undefined
}

/** The same model, in which only these actions can happen. */
const restricted = (model: Model, allowed: ReadonlySet<number>): Model =>
  withActions(model, (state, into) => {
    model.actions(state, into)
    let kept = 0
    for (let at = 0; at < into.size; at++)
      if (allowed.has(into.words[at]!)) into.words[kept++] = into.words[at]!
    into.size = kept
  })
