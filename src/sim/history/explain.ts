/**
 * Says why a history is not linearizable: where it becomes contradictory, how far it can be explained, and
 * a small part that fails.
 */
import { decideByZones, type Failure } from "./check.ts"
import { cutAtContradiction, type Effort, minimise } from "./minimise.ts"
import { isClosed, type Model, type Partition, selectFrom } from "./model.ts"
import { type Key, type Operation, showJson, shownKey } from "./operation.ts"
import { allShortcuts, Search } from "./search.ts"

/** An operation as the verdict shows it. */
interface ShownOperation {
  readonly process: number | string
  readonly operation: string
  /** Positions (lines) of the invocation and of the return; null = it never returned. */
  readonly from: number
  readonly to: number | null
}

/** Why one key's history cannot be. */
export interface Contradiction {
  readonly key: Key
  /** Position (line) of the return that made it contradictory. */
  readonly position: number
  readonly operation: ShownOperation
  /** The longest order that was found before that return; `order` shows its end. */
  readonly prefix: {
    readonly placed: number
    readonly of: number
    readonly order: ReadonlyArray<ShownOperation>
    readonly state: string
  }
  /** Within the smallest part: what returned and cannot be placed after the longest order found. */
  readonly cannotBePlaced: ReadonlyArray<ShownOperation>
  readonly smallest: ReadonlyArray<ShownOperation>
}

/** A contradiction, and the operations behind it. */
export interface Explanation {
  readonly contradiction: Contradiction
  readonly reason: string
  readonly culprit: Operation
  readonly smallest: ReadonlyArray<Operation>
  /** What each operation of the key is called. */
  readonly labels: ReadonlyMap<Operation, string>
}

const shownMax = 20
const prefixSteps = 500_000
const memoryWords = 32 * 1024 * 1024
/** The guard sees at once that nothing will do; here it is wanted how far one gets. */
const thorough = { ...allShortcuts, guard: false }

const witnessOf = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>,
  steps: number
) => {
  const search = new Search(model, partition, thorough, { words: memoryWords })
  search.run(steps)
  return search.witness()
}

/** The operations that had to come next after `order`, but were refused. */
const blocked = (partition: Partition<unknown>, order: ReadonlyArray<number>): ReadonlyArray<number> => {
  const placed = new Set(order)
  const left = [...partition.commands.keys()].filter(
    (index) => isClosed(partition, index) && !placed.has(index)
  )
  const earliest = Math.min(...left.map((index) => partition.dones[index]!))
  return left.filter((index) => partition.calls[index]! < earliest)
}

/**
 * Explains a failure.
 *
 * @param effort bounds the work; with little of it the failing part is merely larger.
 */
export const explain = <State, Command>(
  model: Model<State, Command>,
  failure: Failure<Command>,
  effort: Effort
): Explanation => {
  const { key } = failure
  const cut = cutAtContradiction(model, failure.partition, effort)
  const { culprits } = decideByZones(model, cut.partition)
  const kept = minimise(model, cut.partition, culprits, effort)
  const small = selectFrom(cut.partition, kept)
  const labels = new Map<Operation, string>()
  for (const [index, operation] of failure.partition.operations.entries()) {
    labels.set(operation, model.show(failure.partition.commands[index]!))
  }
  const show = (operation: Operation): ShownOperation => ({
    process: operation.process,
    operation: labels.get(operation)!,
    from: operation.call,
    to: operation.done === Number.POSITIVE_INFINITY ? null : operation.done
  })
  const whole = witnessOf(model, cut.partition, prefixSteps)
  const part = witnessOf(model, small, prefixSteps)
  const culprit = cut.partition.operations.find((operation) => operation.done === cut.position)!
  const shown = show(culprit)
  const contradiction: Contradiction = {
    key: shownKey(key),
    position: cut.position,
    operation: shown,
    prefix: {
      placed: whole.order.length,
      of: cut.partition.operations.length,
      order: whole.order.slice(-shownMax).map((index) => show(cut.partition.operations[index]!)),
      state: model.showState(whole.state)
    },
    cannotBePlaced: blocked(small, part.order).map((index) => show(small.operations[index]!)),
    smallest: small.operations.map(show)
  }
  const where = key === null ? "" : ` on key ${showJson(key)}`
  const reason =
    `no order of the operations${where} explains every answer: all is well until line ${cut.position}, ` +
    `where \`${shown.operation}\` of process ${shown.process} (invoked on line ${shown.from}) returns`
  return { contradiction, reason, culprit, smallest: small.operations, labels }
}
