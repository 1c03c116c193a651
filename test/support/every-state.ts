/** Every state of a model, one for all that differ in the names of nodes only. */
import { Fingerprints } from "../../src/sim/search/fingerprints.ts"
import { Frontier } from "../../src/sim/search/frontier.ts"
import { type Model, State } from "../../src/sim/search/model.ts"

/** Shows each state to `visit`, breadth first, and says how many there are. */
export const everyState = (model: Model, visit: (state: State) => void): number => {
  const seen = new Fingerprints(2 ** 28)
  const frontier = new Frontier()
  const [state, actions, next] = [new State(), new State(), new State()]
  const mark = new Int32Array(2)
  const add = (one: State): void => {
    model.fingerprint(one, mark)
    if (seen.add(mark[0]!, mark[1]!) === true) frontier.push(one)
  }
  model.initial(state)
  add(state)
  let count = 0
  for (; frontier.shift(state); count++) {
    visit(state)
    model.actions(state, actions)
    for (let at = 0; at < actions.size; at++)
      if (model.next(state, actions.words[at]!, next) === "state") add(next)
  }
  return count
}
