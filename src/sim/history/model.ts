/** The extension point of the checker: what an object does when one operation at a time is applied to it. */
import type { Operation } from "./operation.ts"

/** Answer of `step` where the object, in that state, could not have answered as it did. */
export const refused: unique symbol = Symbol("refused")

/**
 * Answer of `command` for an operation that has no bearing on the verdict (it did not happen, or nobody saw
 * it).
 */
export const ignored: unique symbol = Symbol("ignored")

/**
 * What a command of a register needs and leaves: the base of the shortcuts that registers allow. -1 =
 * nothing.
 */
export interface Transition {
  /** Number of the value that it saw. */
  readonly observes: number
  /** Number of the value that it leaves. */
  readonly produces: number
  /** Number of a value that was not there. */
  readonly differs: number
  /** Text that it adds to what is there. */
  readonly suffix: string | undefined
}

/**
 * Told by the search which operations it has placed, a guard recognises states from which the rest can no
 * longer be placed. It must be right: a state that it calls dead is never looked at again.
 */
export interface Guard<State> {
  readonly take: (index: number) => void
  readonly undo: (index: number) => void
  /** Asked after `take`: is there no way on from `after`, reached from `before`? */
  readonly dead: (before: State, after: State) => boolean
  /** Asked before anything is taken: can no order do? */
  readonly hopeless: () => boolean
}

/** The operations on one key, by invocation; `commands`, `calls` and `dones` run parallel to `operations`. */
export interface Partition<Command> {
  readonly operations: ReadonlyArray<Operation>
  readonly commands: ReadonlyArray<Command>
  readonly calls: Float64Array
  readonly dones: Float64Array
}

/**
 * A sequential object. Write one to check histories of a lock, a queue, a session with `checkHistory`.
 *
 * @example
 * // A counter that answers with its new sum; an open operation has no answer, and may have added.
 * const counter: Model<number, { readonly sum: number | undefined }> = {
 *   name: "counter",
 *   operations: ["add"],
 *   initial: 0,
 *   command: ({ outcome, output }) =>
 *     outcome === "fail" ? ignored : { sum: outcome === "open" ? undefined : Number(output) },
 *   step: (sum, command) => (command.sum === undefined || command.sum === sum + 1 ? sum + 1 : refused),
 *   identity: (sum) => sum,
 *   pure: () => false,
 *   fingerprint: (command) => `add ${command.sum}`,
 *   show: (command) => `add → ${command.sum ?? "?"}`,
 *   showState: (sum) => `the sum is ${sum}`
 * }
 */
export interface Model<State, Command> {
  readonly name: string
  /**
   * What operations are called (`f`). A line with another name is not understood; one whose process is a
   * name, such as "nemesis", is left out. Left out: every name is one.
   */
  readonly operations?: ReadonlyArray<string>
  readonly initial: State
  /** The command of an operation, `ignored`, or a sentence that says what is wrong with it. */
  readonly command: (operation: Operation) => Command | typeof ignored | string
  /**
   * The state after the command. An operation that is open is stepped only with the outcome that changes
   * something.
   */
  readonly step: (state: State, command: Command) => State | typeof refused
  /** Equal for states that are equal. */
  readonly identity: (state: State) => string | number
  /** True for a command that changes no state in which it is not refused. */
  readonly pure: (command: Command) => boolean
  /** Equal for commands that do the same to every state. */
  readonly fingerprint: (command: Command) => string
  readonly show: (command: Command) => string
  readonly showState: (state: State) => string
  readonly guard?: (partition: Partition<Command>) => Guard<State> | undefined
  /** Only for objects that are registers: what is there first, and what each command does to it. */
  readonly register?: RegisterView<Command>
}

/** A model seen as a register over numbered values. */
interface RegisterView<Command> {
  readonly initial: number
  readonly transition: (command: Command) => Transition
  readonly step: (state: number, command: Command) => number | typeof refused
}

/** Makes a partition of operations and their commands, in order of invocation. */
export const partitionOf = <Command>(
  operations: ReadonlyArray<Operation>,
  commands: ReadonlyArray<Command>
): Partition<Command> => ({
  operations,
  commands,
  calls: Float64Array.from(operations, (operation) => operation.call),
  dones: Float64Array.from(operations, (operation) => operation.done)
})

/** The partition with only the operations at `indices` (rising). */
export const selectFrom = <Command>(
  partition: Partition<Command>,
  indices: ReadonlyArray<number>
): Partition<Command> => ({
  operations: indices.map((index) => partition.operations[index]!),
  commands: indices.map((index) => partition.commands[index]!),
  calls: Float64Array.from(indices, (index) => partition.calls[index]!),
  dones: Float64Array.from(indices, (index) => partition.dones[index]!)
})

/**
 * The partition as it stood at `position` in the order of events: what was invoked later is gone, the rest
 * is open.
 */
export const truncate = <Command>(partition: Partition<Command>, position: number): Partition<Command> => {
  const indices = [...partition.calls.keys()].filter((index) => partition.calls[index]! <= position)
  const selected = selectFrom(partition, indices)
  return {
    ...selected,
    dones: selected.dones.map((done) => (done > position ? Number.POSITIVE_INFINITY : done))
  }
}

/** Did the operation at `index` return? If not it may take effect at any time, or never. */
export const isClosed = (partition: Partition<unknown>, index: number): boolean =>
  partition.dones[index] !== Number.POSITIVE_INFINITY
