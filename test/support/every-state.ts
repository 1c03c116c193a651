/** Every state of a model, one for all that differ in the names of nodes only. */
import { searchAll } from "../../src/sim/search/exhaustive.ts"
import { type Model, type State, withActions } from "../../src/sim/search/model.ts"

/** Shows each state to `visit`, breadth first, as the search of a sound model comes to it. */
export const everyState = (model: Model, visit: (state: State) => void): void => {
  const visited = withActions(model, (state, into) => {
    visit(state)
    model.actions(state, into)
  })
  const searched = searchAll(visited)
  if (!searched.isComplete) throw new Error(`not every state: ${searched.found?.broken ?? "no room for all"}`)
}
