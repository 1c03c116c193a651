/**
 * State machines: what a group replicates. Users define their own, typed by schemas and deterministic by
 * rule.
 */
import * as Schema from "effect/Schema"
import type { SessionId, Slot } from "../ids.ts"

/** What a machine may know beside its state and the command: all of it is replicated. */
export interface At {
  /** The command's place in the log: unique, growing, usable as a revision or a fencing token. */
  readonly slot: Slot
  /** The log's clock in milliseconds: never goes back, the same on every replica. */
  readonly atMs: number
  /** Whose command it is: one session is one client, for as long as it lives. */
  readonly session: SessionId
}

/**
 * How a typed value becomes a plain one (numbers, strings, booleans, null, bytes, arrays, objects) and back.
 */
export interface Form<T> {
  /** The plain value. What `decode` makes of it must be equal to `value`. */
  encode(value: T): unknown
  /** `misfit` where the plain value is none of this form. Must decide alike on every replica. */
  decode(plain: unknown): T | typeof misfit
}

/** What a form makes of a plain value that it does not fit; `undefined` is a value as any other. */
export const misfit: unique symbol = Symbol("misfit")

/** The value, or undefined where it does not fit; for forms of which `undefined` is no value. */
export const fitting = <T>(form: Form<T>, plain: unknown): T | undefined => {
  const value = form.decode(plain)
  return value === misfit ? undefined : value
}

/**
 * A replicated state machine. `apply` must be deterministic: the same state, command and `at` give the same
 * result on every replica and at every replay; so no clock, no randomness, no input or output. It may change
 * `state` in place and return it.
 *
 * A replica may have its state from a snapshot of another one, so the state must come back from MessagePack
 * as it was: of numbers, -0 does not, nor does text with half of a character (a lone surrogate, as
 * `text.slice` can leave).
 */
export interface Machine<State, Command, Reply, Question, Answer> {
  /** What configurations call it. */
  readonly name: string
  /** Of its meaning, from 1. All nodes of a group must run the same. */
  readonly version: number
  /** The state before the first command. A new one at each call. */
  initial(): State
  /** The next state and the reply to `command`. */
  apply(state: State, command: Command, at: At): readonly [State, Reply]
  /**
   * The reply that `apply` would give, found without changing anything. With it the leader can tell a lone
   * client its reply while the command is still on its way to being chosen, which saves a hop. Undefined
   * where it cannot be told in advance.
   */
  preview?(state: State, command: Command, at: At): Reply | undefined
  /** Answers a question without changing anything. */
  answer(state: State, question: Question): Answer
  /** For states that can grow large. */
  readonly parts?: StateParts<State>
  readonly forms: {
    readonly state: Form<State>
    readonly command: Form<Command>
    readonly reply: Form<Reply>
    readonly question: Form<Question>
    readonly answer: Form<Answer>
  }
}

/** Builds a state from the parts of another. */
export interface StateBuilder<State> {
  /** Takes the next part, in the order in which they were given; false where the plain value is none. */
  add(part: unknown): boolean
  /** The state that all parts make. */
  state(): State
}

/**
 * How a large state goes into a snapshot without a pause. A machine without this is encoded by its form as a
 * whole, in one go: a pause in proportion to its state.
 */
export interface StateParts<State> {
  /**
   * The state as it is now, as plain values of some 64 KB each. The call must be quick; the values are taken
   * one by one while further commands change `state`, and must not show those.
   */
  split(state: State): Iterable<unknown>
  join(): StateBuilder<State>
}

export type AnyMachine = Machine<unknown, unknown, unknown, unknown, unknown>

/** The form that a schema gives. A value of another shape is no error: it decodes to `misfit`. */
export const formOf = <T, E>(schema: Schema.Codec<T, E>): Form<T> => {
  const codec = Schema.toCodecJson(schema)
  const decode = Schema.decodeUnknownExit(codec)
  const encode = Schema.encodeSync(codec)
  return {
    encode,
    decode: (plain) => {
      const exit = decode(plain)
      return exit._tag === "Success" ? exit.value : misfit
    }
  }
}

/** What a user gives to define a machine. */
export interface MachineDefinition<State, Command, Reply, Question, Answer> {
  /** What configurations call it. */
  readonly name: string
  /** Default 1. */
  readonly version?: number
  readonly state: Schema.Codec<State, unknown>
  readonly command: Schema.Codec<Command, unknown>
  readonly reply: Schema.Codec<Reply, unknown>
  readonly question: Schema.Codec<Question, unknown>
  readonly answer: Schema.Codec<Answer, unknown>
  /** The state before the first command. A new one at each call. */
  readonly initial: () => State
  /** The next state and the reply. Deterministic; may change `state` in place and return it. */
  readonly apply: (state: State, command: Command, at: At) => readonly [State, Reply]
  /**
   * Optional: the reply that `apply` would give, found without changing `state`; undefined where it cannot be
   * told. A client with one command in flight has its reply a hop earlier with it. It must never differ from
   * what `apply` gives.
   */
  readonly preview?: (state: State, command: Command, at: At) => Reply | undefined
  /** The answer to a question; changes nothing. */
  readonly ask: (state: State, question: Question) => Answer
}

/**
 * Defines a replicated state machine from schemas and two functions.
 *
 * `apply` takes the state, a command and its place in the log, and returns the next state and the reply; it
 * runs on every replica and must be deterministic. `ask` answers questions from the state. A command that
 * does not decode by its schema is refused on every replica alike (`bad-command`).
 *
 * @example
 * ```ts
 * import { defineMachine } from "aplomb"
 * import { Schema } from "effect"
 *
 * const counter = defineMachine({
 *   name: "counter",
 *   state: Schema.Number, command: Schema.Struct({ add: Schema.Number }), reply: Schema.Number,
 *   question: Schema.Null, answer: Schema.Number,
 *   initial: () => 0,
 *   apply: (state, { add }) => [state + add, state + add],
 *   preview: (state, { add }) => state + add,
 *   ask: (state) => state
 * })
 * ```
 */
export const defineMachine = <State, Command, Reply, Question, Answer>(
  definition: MachineDefinition<State, Command, Reply, Question, Answer>
): Machine<State, Command, Reply, Question, Answer> => ({
  name: definition.name,
  version: definition.version ?? 1,
  initial: definition.initial,
  apply: definition.apply,
  ...(definition.preview && { preview: definition.preview }),
  answer: definition.ask,
  forms: {
    state: formOf(definition.state),
    command: formOf(definition.command),
    reply: formOf(definition.reply),
    question: formOf(definition.question),
    answer: formOf(definition.answer)
  }
})
