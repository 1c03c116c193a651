/** Where messages end that nobody handled: a hook that sees each one, with the reason. */
import { Context } from "effect"
import type { Discarded } from "./mailbox.ts"

/**
 * Why a message was not handled: the mailbox gave it up (`full`, `slid`, `stopped`), its handler crashed
 * (`crashed`) or was interrupted at the deadline of a stop (`interrupted`), it does not fit the protocol
 * (`malformed`), or it was a notice that the control lane had no room for (`control-full`).
 */
export type DeadLetterReason = Discarded | "crashed" | "interrupted" | "malformed" | "control-full"

export interface DeadLetter {
  readonly actor: string
  readonly message: unknown
  readonly reason: DeadLetterReason
}

/**
 * The hook for dead letters, called synchronously in the stack of whoever caused one. The default does
 * nothing; the metrics `aplomb_actor_dead_letters` count them either way. A hook that throws is ignored: it
 * must not take a sender down.
 *
 * @example
 * ```ts
 * const seen: Array<DeadLetter> = []
 * const noted = Effect.provideService(program, DeadLetters, (letter) => seen.push(letter))
 * ```
 */
export const DeadLetters = Context.Reference<(letter: DeadLetter) => void>("aplomb/runtime/DeadLetters", {
  defaultValue: () => () => undefined
})
