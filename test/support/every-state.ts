/** Every state of a model, one for all that differ in the names of nodes only. */
import { searchAll } from "../../src/sim/search/exhaustive.ts"
import type { Model, State } from "../../src/sim/search/model.ts"

/** Shows each state to `visit`, breadth first, as the search of a sound model comes to it. */
export const everyState = (model: Model, visit: (state: State) => void): void => {
  const searched = searchAll({
    name: model.name,
    initial: (into) => model.initial(into),
    actions: (state, into) => {
      visit(state)
      model.actions(state, into)
    },
    next: (state, action, into) => model.next(state, action, into),
    broken: () => model.broken(),
    fingerprint: (state, into) => model.fingerprint(state, into),
    describe: (action) => model.describe(action),
    kindOf: (action) => model.kindOf(action),
    lookOf: (state) => model.lookOf(state)
  })
  if (!searched.isComplete) throw new Error(`not every state: ${searched.found?.broken ?? "no room for all"}`)
}
