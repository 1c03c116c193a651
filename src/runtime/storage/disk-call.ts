/** Calls into a file system as Effects, and its complaints as `DiskFailed`. */
import { Effect } from "effect"
import { messageOf } from "../message-of.ts"
import { DiskFailed } from "./port.ts"

type Done<A> = (error: NodeJS.ErrnoException | null, value?: A) => void

const inTheWay = "something that is no directory is in its way: move that away, or give another directory"
const notAllowed =
  "give the user of this process the right to read and write the data directory, and all that is in it"

/** What to do about what the system says, where there is something to do. */
const cures: Readonly<Record<string, string>> = {
  EEXIST: inTheWay,
  ENOTDIR: inTheWay,
  EISDIR: "a directory is where a file belongs: move that away",
  EACCES: notAllowed,
  EPERM: notAllowed,
  EROFS: "the file system can only be read: mount it so that it can be written, or give another directory",
  EMFILE: "the process has as many files open as it may: raise its limit (ulimit -n)"
}

export const failed = (operation: string, path: string, cause: unknown): DiskFailed => {
  const code = (cause as NodeJS.ErrnoException).code
  const cure = code === undefined ? undefined : cures[code]
  const reason = cure === undefined ? messageOf(cause) : `${messageOf(cause)}; ${cure}`
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
