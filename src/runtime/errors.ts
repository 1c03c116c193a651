/**
 * What can go wrong between an actor and those who talk to it, each as a typed error that says what to do.
 */
import { Cause, Data } from "effect"

/**
 * The data lane of the mailbox has no room. The message was not taken: retry later, slow down, or give up.
 */
export class MailboxFull extends Data.TaggedError("MailboxFull")<{
  readonly actor: string
  /** Messages the lane holds at most; undefined where a remote actor refused and did not say. */
  readonly capacity: number | undefined
}> {
  override get message(): string {
    const limit = this.capacity === undefined ? "" : ` (${this.capacity} messages)`
    return `the mailbox of ${this.actor} is full${limit}; the message was not taken: slow down or retry later`
  }
}

/** The actor has stopped or is stopping. A message that waited in its mailbox was not handled. */
export class ActorStopped extends Data.TaggedError("ActorStopped")<{ readonly actor: string }> {
  override get message(): string {
    return `${this.actor} has stopped and takes no messages; spawn it again or look up its successor`
  }
}

/**
 * The actor crashed while it handled this question. How much of the work was done is not known; it is not
 * replayed.
 */
export class ActorCrashed extends Data.TaggedError("ActorCrashed")<{
  readonly actor: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.actor} crashed while handling this (${this.reason}); whether it took effect is not known`
  }
}

/** No answer in the time given. The question may have been handled, may yet be handled, or may never be. */
export class AskTimeout extends Data.TaggedError("AskTimeout")<{
  readonly actor: string
  readonly tag: string
  readonly timeoutMs: number
  readonly reason: "nothing came in time" | "the connection was lost"
}> {
  override get message(): string {
    return (
      `no answer from ${this.actor} to ${this.tag} within ${this.timeoutMs} ms (${this.reason}); ` +
      "the outcome is unknown: ask again only if doing it twice is harmless"
    )
  }
}

/** Nobody is reached under the address of a remote actor right now. The message was not delivered. */
export class NoResponder extends Data.TaggedError("NoResponder")<{
  readonly actor: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.actor} cannot be reached: ${this.reason}; check that it is exposed`
  }
}

/**
 * The payload, reply or error does not fit the schema of the protocol, or the bytes are not an envelope of
 * ours.
 */
export class MalformedMessage extends Data.TaggedError("MalformedMessage")<{
  readonly actor: string
  readonly tag: string
  readonly reason: string
}> {
  override get message(): string {
    return `a message ${this.tag} for ${this.actor} does not fit its protocol: ${this.reason}`
  }
}

/** A child crashed, and its supervision gave up: the failure with which its parent crashes in turn. */
export class ChildEscalated extends Data.TaggedError("ChildEscalated")<{
  readonly child: string
  readonly cause: Cause.Cause<unknown>
}> {
  override get message(): string {
    return `the child actor ${this.child} crashed for good: ${Cause.pretty(this.cause)}`
  }
}

/**
 * An actor without a parent crashed, its supervision gave up, and nobody watches its end. Thrown so that
 * nobody catches it: it ends the process.
 */
export class ActorEscalated extends Data.TaggedError("ActorEscalated")<{
  readonly actor: string
  /** The failure, with the place where it happened. */
  readonly reason: string
}> {
  override get message(): string {
    const { actor, reason } = this
    return `the actor ${actor} crashed for good, it has no parent, and nobody watches its end: ${reason}`
  }
}
