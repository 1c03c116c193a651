/** Going a way through a model that is written as the names of its steps. */
import { type Model, State } from "./model.ts"

/**
 * Takes the first action whose name has `wanted` in it and that leads to another state. "broken": that one
 * broke a law, and the state is as it was. "nowhere": there is none.
 */
export const follow = (model: Model, state: State, wanted: string): "state" | "broken" | "nowhere" => {
  const actions = new State()
  const next = new State()
  model.actions(state, actions)
  for (let at = 0; at < actions.size; at++) {
    if (!model.describe(actions.words[at]!).includes(wanted)) continue
    const outcome = model.next(state, actions.words[at]!, next)
    if (outcome === "nothing") continue
    if (outcome === "state") state.copyFrom(next)
    return outcome
  }
  return "nowhere"
}
