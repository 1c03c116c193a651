/** How a command or a question can fail, as far as a caller can act on it. */
import { Data } from "effect"

/**
 * The command may or may not have taken effect, and it is no longer being tried. Look before you try again: a
 * new attempt is a new command.
 */
export class Indeterminate extends Data.TaggedError("Indeterminate")<{ readonly reason: string }> {
  override get message(): string {
    return `whether the command took effect is not known: ${this.reason}; read before you try it again`
  }
}

/** The command or question did not run: trying again is safe. */
export class Unavailable extends Data.TaggedError("Unavailable")<{ readonly reason: string }> {
  override get message(): string {
    return `nothing was done: ${this.reason}; trying again is safe`
  }
}

/**
 * The state machine cannot read the command or question, or the bus does not take it; it had no effect and
 * never will.
 */
export class Rejected extends Data.TaggedError("Rejected")<{ readonly reason: string }> {
  override get message(): string {
    return `it was rejected: ${this.reason}`
  }
}

export type CommandFailure = Indeterminate | Unavailable | Rejected
export type QuestionFailure = Unavailable | Rejected
