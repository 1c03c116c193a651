/** Leaves out open operations of a register that nobody could have noticed. */
import { isClosed, type Model, type Partition, selectFrom, type Transition } from "./model.ts"

/**
 * Values that somebody must have seen: those that closed operations observe, and those that an open cas
 * needs to produce one of them.
 */
export const seenValues = (transitions: ReadonlyArray<Transition>, partition: Partition<unknown>) => {
  const seen = new Set<number>()
  for (const [index, { observes }] of transitions.entries())
    if (isClosed(partition, index) && observes >= 0) seen.add(observes)
  for (let before = -1; before !== seen.size; ) {
    before = seen.size
    for (const [index, { observes, produces }] of transitions.entries()) {
      if (!isClosed(partition, index) && observes >= 0 && seen.has(produces)) seen.add(observes)
    }
  }
  return seen
}

/**
 * The partition without the open operations that leave a value which nobody sees. That is exact for a
 * register: an order that uses such an operation is as good without it, since whatever comes next does not
 * look at the value. Where somebody saw that a value was *not* there, or text is appended, nothing is left
 * out.
 */
export const withoutUnnoticed = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>
): Partition<Command> => {
  const transition = model.register?.transition
  const { dones, commands } = partition
  if (transition === undefined || !dones.includes(Number.POSITIVE_INFINITY)) return partition
  const transitions = commands.map(transition)
  if (transitions.some(({ differs, suffix }) => differs >= 0 || suffix !== undefined)) return partition
  const seen = seenValues(transitions, partition)
  const kept = [...commands.keys()].filter(
    (index) => isClosed(partition, index) || seen.has(transitions[index]!.produces)
  )
  return kept.length === commands.length ? partition : selectFrom(partition, kept)
}
