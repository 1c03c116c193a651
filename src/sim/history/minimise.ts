/** Makes a failing history smaller: cuts it where it becomes contradictory, then leaves operations out. */
import { decideByZones } from "./check.ts"
import { isClosed, type Model, type Partition, selectFrom, truncate } from "./model.ts"
import { allShortcuts, Search } from "./search.ts"
import { withoutUnnoticed } from "./unnoticed.ts"
import { refuteByWindow } from "./window.ts"

/** How much work may go into making a failure small. */
export interface Effort {
  /** Steps left; an attempt costs what its search takes, at least the number of its operations. */
  steps: number
  readonly isTimeUp: () => boolean
}

const attemptStepsMax = 200_000
const memoryWords = 16 * 1024 * 1024

/**
 * Is the partition certainly not linearizable? False also if that is not found out with the effort at hand.
 */
const fails = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>,
  effort: Effort
): boolean => {
  effort.steps -= partition.commands.length
  const zones = decideByZones(model, partition).verdict
  if (zones !== "unknown") return zones === "not-linearizable"
  const search = new Search(model, withoutUnnoticed(model, partition), allShortcuts, { words: memoryWords })
  const verdict = search.run(Math.min(attemptStepsMax, effort.steps))
  effort.steps -= search.steps
  if (verdict !== "unknown" || search.stuckAt === Number.POSITIVE_INFINITY)
    return verdict === "not-linearizable"
  const { isRefuted, steps } = refuteByWindow(model, partition, search.stuckAt, attemptStepsMax)
  effort.steps -= steps
  return isRefuted
}

const isSpent = (effort: Effort): boolean => effort.steps <= 0 || effort.isTimeUp()

/**
 * The partition as it stood when it first could not be explained any more. A history that has become
 * contradictory remains so, hence halving finds the place.
 */
export const cutAtContradiction = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>,
  effort: Effort
): { readonly position: number; readonly partition: Partition<Command> } => {
  const positions = [...partition.dones]
    .filter((done) => done !== Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b)
  let low = 0
  let high = positions.length - 1
  while (low < high && !isSpent(effort)) {
    const middle = (low + high) >>> 1
    if (fails(model, truncate(partition, positions[middle]!), effort)) high = middle
    else low = middle + 1
  }
  // `high` is where it was last seen to fail, or the end.
  const position = positions[high] ?? 0
  return { position, partition: truncate(partition, position) }
}

/**
 * What must go along when operations are left out, so that what remains fails for the same reason: if a
 * value loses a producer, nobody may remain who observed it; otherwise "nobody wrote what was read" would
 * be a new contradiction.
 */
class Dependents<Command> {
  private readonly observers = new Map<number, Array<number>>()
  private readonly looking: Array<number> = []
  private readonly changing: ReadonlyArray<number>
  private readonly isFree: (index: number) => boolean

  constructor(model: Model<unknown, Command>, partition: Partition<Command>) {
    const { commands } = partition
    this.isFree = (index) => model.pure(commands[index]!)
    const transitions = model.register === undefined ? undefined : commands.map(model.register.transition)
    const hasText = transitions?.some(({ suffix }) => suffix !== undefined) ?? false
    this.changing = commands.map((_, index) => {
      const produces = transitions?.[index]?.produces ?? -1
      return this.isFree(index) ? -1 : hasText || produces < 0 ? -2 : produces
    })
    for (const [index, transition] of transitions?.entries() ?? []) {
      if (transition.differs >= 0) this.looking.push(index)
      if (transition.observes < 0) continue
      const list = this.observers.get(transition.observes)
      if (list === undefined) this.observers.set(transition.observes, [index])
      else list.push(index)
    }
  }

  /** The operations to leave out with those in `removed`; nothing if that cannot be told. */
  close(removed: Iterable<number>): ReadonlySet<number> | undefined {
    const closed = new Set(removed)
    for (const index of closed) {
      const value = this.changing[index]!
      if (value === -1) continue
      if (value === -2) return undefined
      for (const dependent of this.observers.get(value) ?? []) closed.add(dependent)
      for (const dependent of this.looking) closed.add(dependent)
    }
    return closed
  }
}

/**
 * Leaves out operations, first many at a time, as long as the rest still fails for the same reason.
 *
 * @param culprits positions of operations that are suspected; tried first.
 * @returns positions of the operations that remain.
 */
export const minimise = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>,
  culprits: ReadonlyArray<number>,
  effort: Effort
): ReadonlyArray<number> => {
  const dependents = new Dependents(model as Model<unknown, Command>, partition)
  let kept: ReadonlyArray<number> = [...partition.commands.keys()]
  const tryWithout = (removed: ReadonlyArray<number>): boolean => {
    const closed = dependents.close(removed)
    if (closed === undefined) return false
    const rest = kept.filter((index) => !closed.has(index))
    const closedCount = rest.filter((index) => isClosed(partition, index)).length
    if (rest.length === kept.length || closedCount === 0) return false
    if (!fails(model, selectFrom(partition, rest), effort)) return false
    kept = rest
    return true
  }
  if (culprits.length > 0) {
    const suspected = new Set(culprits)
    tryWithout(kept.filter((index) => !suspected.has(index)))
  }
  for (let size = kept.length >>> 1; size >= 1 && !isSpent(effort); ) {
    let isSmaller = false
    for (let at = 0; at < kept.length && !isSpent(effort); ) {
      if (tryWithout(kept.slice(at, at + size))) isSmaller = true
      else at += size
    }
    size = size > 1 ? size >>> 1 : isSmaller ? 1 : 0
  }
  return kept
}
