/** The reference by which others talk to a typed actor; the same in process and over the bus. */
import type { Effect } from "effect"
import type {
  Answer,
  AskTagOf,
  Definitions,
  ErrorOf,
  PayloadArgument,
  PayloadOf,
  Protocol,
  ReplyOf,
  TagOf
} from "./actor-protocol.ts"
import type { DeadLetterReason } from "./dead-letters.ts"
import {
  ActorCrashed,
  ActorStopped,
  type AskTimeout,
  MailboxFull,
  MalformedMessage,
  type NoResponder
} from "./errors.ts"

export type TellError = MailboxFull | ActorStopped | NoResponder | MalformedMessage
export type AskError = TellError | AskTimeout | ActorCrashed

export interface AskOptions {
  /**
   * How long to wait for the answer, the wait for a place in the mailbox included, in milliseconds. Default
   * 5000.
   */
  readonly timeoutMs?: number
}

export const defaultAskTimeoutMs = 5000

/** The payload, left out or undefined where there is none, then how long to wait. */
export type AskArguments<D extends Definitions, T extends TagOf<D>> =
  PayloadOf<D, T> extends undefined
    ? [payload?: undefined, options?: AskOptions]
    : [payload: PayloadOf<D, T>, options?: AskOptions]

/**
 * A typed actor as others see it, wherever it runs. Messages from one sender through one reference arrive in
 * order; delivery is at most once, and over the bus `tell` says only that the message has left.
 */
export interface ActorRef<D extends Definitions> {
  readonly name: string
  readonly protocol: Protocol<D>
  /**
   * Sends a message and does not wait for it to be handled.
   * @throws MailboxFull, ActorStopped (in process), NoResponder (the bus is down), MalformedMessage
   */
  readonly tell: <T extends TagOf<D>>(
    tag: T,
    ...payload: PayloadArgument<D, T>
  ) => Effect.Effect<void, TellError>
  /**
   * Sends a question and waits for the answer.
   * @throws AskTimeout: the outcome is unknown; ActorCrashed: likewise; the other AskErrors: it was not
   * handled (a MalformedMessage that speaks of the reply: it was); the error of the protocol: the answer of
   * the actor
   */
  readonly ask: <T extends AskTagOf<D>>(
    tag: T,
    ...question: AskArguments<D, T>
  ) => Effect.Effect<ReplyOf<D, T>, AskError | ErrorOf<D, T>>
}

/** The typed error for a question that was refused. */
export const refusalError = (
  actor: string,
  tag: string,
  refusal: { readonly reason: DeadLetterReason; readonly detail: string }
): MailboxFull | ActorStopped | ActorCrashed | MalformedMessage => {
  switch (refusal.reason) {
    case "full":
    case "slid":
    case "control-full":
      return new MailboxFull({ actor, capacity: undefined })
    case "stopped":
      return new ActorStopped({ actor })
    case "crashed":
    case "interrupted":
      return new ActorCrashed({ actor, reason: refusal.detail })
    case "malformed":
      return new MalformedMessage({ actor, tag, reason: refusal.detail })
  }
}

/** What to tell whoever asked, for a question that nobody will answer. */
export const refused = (reason: DeadLetterReason): Answer => ({
  _tag: "Refused",
  reason,
  detail:
    reason === "crashed"
      ? "the cause is in its log"
      : reason === "interrupted"
        ? "it was stopped meanwhile"
        : reason
})
