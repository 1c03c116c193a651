/**
 * A replicated state machine as its users see it: typed commands and questions in, typed replies and answers
 * out.
 */
import { Effect, type Scope } from "effect"
import { GroupId } from "../protocol/ids.ts"
import { type Form, type Machine, misfit } from "../protocol/learner/machine.ts"
import { type BadSubject, Bus, type BusUnavailable } from "../runtime/bus/port.ts"
import { pack } from "../runtime/codec.ts"
import { messageOf } from "../runtime/message-of.ts"
import { keptOnceMade } from "../runtime/wholly.ts"
import {
  atLeastOf,
  type CallOptions,
  defaultTimeoutMs,
  type ReadOptions,
  timeoutFault
} from "./call-options.ts"
import { type CommandFailure, type QuestionFailure, Rejected, Unavailable } from "./errors.ts"
import { type GroupClient, groupClient } from "./group-client.ts"
import { localClient } from "./local-client.ts"
import type { QuestionDone } from "./questions.ts"

/** A reply with the slot of the log that its command took: it grows, and is unique in its group. */
export interface Replied<Reply> {
  readonly reply: Reply
  readonly slot: number
}

/** An answer with the slot through which the state that gave it had applied the log. */
export interface AnsweredAt<Answer> {
  readonly answer: Answer
  readonly slot: number
}

/** One group and its state machine. */
export interface Replicated<Command, Reply, Question, Answer> {
  /**
   * Has the command applied once, whatever is lost or fails on the way. Fails with `Indeterminate` where the
   * time ran out with the outcome open, `Unavailable` where it certainly did not run, `Rejected` where the
   * machine cannot read it.
   */
  readonly submit: (command: Command, options?: CallOptions) => Effect.Effect<Replied<Reply>, CommandFailure>
  /**
   * Asks the state: as it is now, unless the options say that an older one will do. Fails with `Unavailable`
   * where nobody answered in time, or no replica came as far as asked for; `Rejected` where the machine
   * cannot read it.
   */
  readonly ask: (question: Question, options?: ReadOptions) => Effect.Effect<Answer, QuestionFailure>
  /** The same with the slot of the state that answered. */
  readonly askAt: (
    question: Question,
    options?: ReadOptions
  ) => Effect.Effect<AnsweredAt<Answer>, QuestionFailure>
  /** The same without an effect for each, for those who have very many: bytes in, plain values out. */
  readonly client: GroupClient
}

/**
 * A command, or a question, must fit a message together with what travels with it. All of it counts, as it is
 * packed: of a put the key, the value, and up to 13 bytes around them, of a compare-and-set up to 22.
 */
export const commandMaxBytes = 512 * 1024

const unreadable = new Rejected({
  reason: "this client cannot read the answer: it knows another version of the machine"
})

/**
 * Connects to a group that replicates `machine`, over the Bus of the environment, until the scope closes.
 * Waits for a bus that is away. Fails with `BusUnavailable` where the bus is closed, `BadSubject` where a
 * name is none, or the server does not let this client listen.
 *
 * @example
 * ```ts
 * const program = Effect.gen(function* () {
 *   const main = yield* replicated({ cluster: "dev", group: "main", machine: kvMachine })
 *   const { slot } = yield* main.submit({ _tag: "Put", key: "a", value: "1" })
 * })
 * ```
 */
export const replicated = Effect.fnUntraced(function* <State, Command, Reply, Question, Answer>(options: {
  readonly cluster: string
  readonly group: string
  readonly machine: Machine<State, Command, Reply, Question, Answer>
}): Effect.fn.Return<
  Replicated<Command, Reply, Question, Answer>,
  BusUnavailable | BadSubject,
  Bus | Scope.Scope
> {
  const client = yield* groupClient(options.cluster, GroupId(options.group))
  const { forms } = options.machine
  let closed = false
  yield* Effect.addFinalizer(() => Effect.sync(() => (closed = true)))
  const notTaken = (what: string) =>
    new Unavailable({ reason: closed ? "the client was closed" : `too many ${what} wait in this client` })
  const submit: Replicated<Command, Reply, Question, Answer>["submit"] = (command, call) => {
    const fault = timeoutFault(call)
    if (fault !== undefined) return Effect.fail(new Rejected({ reason: fault }))
    return Effect.callback((resume) => {
      const bytes = packed(forms.command, command, "a command")
      if (bytes instanceof Rejected) return resume(bytes)
      const taken = client.submitUnsafe(
        bytes,
        call?.timeoutMs ?? defaultTimeoutMs,
        (plain, slot, failure) => {
          if (failure !== undefined) return resume(Effect.fail(failure))
          const reply = forms.reply.decode(plain)
          resume(reply === misfit ? Effect.fail(unreadable) : Effect.succeed({ reply, slot }))
        }
      )
      if (!taken) resume(notTaken("commands"))
    })
  }
  const asked = (question: Question, send: (bytes: Uint8Array, done: QuestionDone) => boolean) =>
    Effect.callback<AnsweredAt<Answer>, QuestionFailure>((resume) => {
      const bytes = packed(forms.question, question, "a question")
      if (bytes instanceof Rejected) return resume(bytes)
      const taken = send(bytes, (plain, slot, failure) => {
        if (failure !== undefined) return resume(Effect.fail(failure))
        const answer = forms.answer.decode(plain)
        resume(answer === misfit ? Effect.fail(unreadable) : Effect.succeed({ answer, slot }))
      })
      if (!taken) resume(notTaken("questions"))
    })
  const making = localClient(options.cluster, GroupId(options.group)).pipe(
    Effect.provideService(Bus, yield* Bus),
    Effect.mapError(({ message }) => new Unavailable({ reason: message }))
  )
  // Only who reads from replicas has a client for it; the bus may be away when it is made.
  const local = yield* keptOnceMade(making)
  const askAt: Replicated<Command, Reply, Question, Answer>["askAt"] = (question, call) => {
    const fault = timeoutFault(call)
    if (fault !== undefined) return Effect.fail(new Rejected({ reason: fault }))
    const timeoutMs = call?.timeoutMs ?? defaultTimeoutMs
    const atLeast = atLeastOf(call)
    if (atLeast instanceof Rejected) return Effect.fail(atLeast)
    if (atLeast === undefined)
      return asked(question, (bytes, done) => client.askUnsafe(bytes, timeoutMs, done))
    return Effect.flatMap(local, ({ askUnsafe }) =>
      asked(question, (bytes, done) => askUnsafe(bytes, atLeast, timeoutMs, done))
    )
  }
  const ask: Replicated<Command, Reply, Question, Answer>["ask"] = (question, call) =>
    Effect.map(askAt(question, call), ({ answer }) => answer)
  return { submit, ask, askAt, client }
})

/** The bytes of a command or question, or why they cannot be sent: its schema, or its size. */
const packed = <T>(form: Form<T>, value: T, what: string): Uint8Array | Rejected => {
  try {
    const bytes = pack(form.encode(value))
    if (bytes.length <= commandMaxBytes) return bytes
    const reason = `${what} of ${bytes.length} bytes is over the limit of ${commandMaxBytes} bytes`
    return new Rejected({ reason })
  } catch (error) {
    const reason = messageOf(error)
    return new Rejected({ reason: `${what} does not fit the machine: ${reason}` })
  }
}
