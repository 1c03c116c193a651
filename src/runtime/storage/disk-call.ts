/** Calls into a file system as Effects, and its complaints as `DiskFailed`. */
import { Effect } from "effect"
import { messageOf } from "../message-of.ts"
import { DiskFailed } from "./port.ts"

type Done<A> = (error: NodeJS.ErrnoException | null, value?: A) => void

export const failed = (operation: string, path: string, cause: unknown): DiskFailed => {
  const code = (cause as NodeJS.ErrnoException).code
  const reason = messageOf(cause)
  return new DiskFailed({ operation, path, full: code === "ENOSPC" || code === "EDQUOT", reason })
}

/** A call that answers in a callback. It cannot be interrupted: a file must not be closed under it. */
export const call = <A = void>(operation: string, path: string, start: (done: Done<A>) => void) =>
  Effect.callback<A, DiskFailed>((resume) => {
    start((error, value) => {
      resume(error ? Effect.fail(failed(operation, path, error)) : Effect.succeed(value as A))
    })
  }).pipe(Effect.uninterruptible)

/** A call that answers at once, or throws. */
export const attempt = <A>(operation: string, path: string, run: () => A) =>
  Effect.try({ try: run, catch: (cause) => failed(operation, path, cause) })
