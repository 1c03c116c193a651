/**
 * A replicated state machine as its users see it: typed commands and questions in, typed replies and answers
 * out.
 */
import { Effect, type Scope } from "effect"
import { GroupId } from "../protocol/ids.ts"
import type { Machine } from "../protocol/machine.ts"
import type { BadSubject, Bus, BusUnavailable } from "../runtime/bus/port.ts"
import { pack } from "../runtime/codec.ts"
import { type CommandFailure, type QuestionFailure, Rejected, Unavailable } from "./errors.ts"
import { type GroupClient, groupClient } from "./group-client.ts"

/** A reply with the slot of the log that its command took: it grows, and is unique in its group. */
export interface Replied<Reply> {
  readonly reply: Reply
  readonly slot: number
}

export interface CallOptions {
  /** How long to wait, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number
}

/** One group and its state machine. */
export interface Replicated<Command, Reply, Question, Answer> {
  /**
   * Has the command applied once, whatever is lost or fails on the way. Fails with `Indeterminate` where the
   * time ran out with the outcome open, `Unavailable` where it certainly did not run, `Rejected` where the
   * machine cannot read it.
   */
  readonly submit: (command: Command, options?: CallOptions) => Effect.Effect<Replied<Reply>, CommandFailure>
  /** Asks the state as it is now: linearizable. */
  readonly ask: (question: Question, options?: CallOptions) => Effect.Effect<Answer, QuestionFailure>
  /** The same without an effect for each, for those who have very many: bytes in, plain values out. */
  readonly client: GroupClient
}

const defaultTimeoutMs = 30_000
/** A command must fit a message together with what travels with it. */
export const commandMaxBytes = 512 * 1024

const unreadable = new Rejected({
  reason: "this client cannot read the answer: it knows another version of the machine"
})

/**
 * Connects to a group that replicates `machine`, over the Bus of the environment, until the scope closes.
 * Fails with `BusUnavailable` where the bus is closed, `BadSubject` where a name is none.
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
  const submit: Replicated<Command, Reply, Question, Answer>["submit"] = (command, call) =>
    Effect.callback((resume) => {
      const bytes = pack(forms.command.encode(command))
      if (bytes.length > commandMaxBytes) {
        const reason = `a command of ${bytes.length} bytes is over the limit of ${commandMaxBytes} bytes`
        return resume(new Rejected({ reason }))
      }
      const taken = client.submitUnsafe(
        bytes,
        call?.timeoutMs ?? defaultTimeoutMs,
        (plain, slot, failure) => {
          if (failure !== undefined) return resume(Effect.fail(failure))
          const reply = forms.reply.decode(plain)
          resume(reply === undefined ? Effect.fail(unreadable) : Effect.succeed({ reply, slot }))
        }
      )
      if (!taken) resume(new Unavailable({ reason: "too many commands wait in this client" }))
    })
  const ask: Replicated<Command, Reply, Question, Answer>["ask"] = (question, call) =>
    Effect.callback((resume) => {
      const bytes = pack(forms.question.encode(question))
      const taken = client.askUnsafe(bytes, call?.timeoutMs ?? defaultTimeoutMs, (plain, _slot, failure) => {
        if (failure !== undefined) return resume(Effect.fail(failure))
        const answer = forms.answer.decode(plain)
        resume(answer === undefined ? Effect.fail(unreadable) : Effect.succeed(answer))
      })
      if (!taken) resume(new Unavailable({ reason: "too many questions wait in this client" }))
    })
  return { submit, ask, client }
})
