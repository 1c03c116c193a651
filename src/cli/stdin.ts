/**
 * What comes on stdin. Read as a stream, not as a file: whoever holds the other end may have made it one that
 * does not wait, and a process that waits for a line must still hear an interruption.
 */
import { fstatSync, statSync, writeSync } from "node:fs"
import { devNull } from "node:os"
import { Effect } from "effect"
import { type CommandFailed, usageFailure } from "./failure.ts"

const noBytes = new Uint8Array(0)

/** What the engine cannot stream, such as a directory, it takes for an empty input. */
const isStream = (): boolean => {
  const status = fstatSync(0)
  return status.isFile() || status.isFIFO() || status.isSocket() || status.isCharacterDevice()
}

/**
 * In place of a stdin that was closed before it began, the engine opens the null device, and for writing as
 * well; who means an empty input gives that for reading only.
 */
const wasClosed = (): boolean => {
  const status = fstatSync(0)
  if (!status.isCharacterDevice() || status.rdev !== statSync(devNull).rdev) return false
  try {
    writeSync(0, noBytes)
    return true
  } catch {
    return false
  }
}

/** Takes what comes next, each time that it is run; no bytes are the end. */
export const stdinParts = (): Effect.Effect<Uint8Array, CommandFailed> => {
  if (!isStream()) return usageFailure("stdin cannot be read: it is neither a file nor a pipe")
  if (wasClosed())
    return usageFailure(
      "stdin cannot be read: it is closed, or open for writing; give < /dev/null for an empty one"
    )
  const parts: AsyncIterator<Uint8Array> = process.stdin[Symbol.asyncIterator]()
  return Effect.tryPromise({
    try: () => parts.next(),
    catch: (cause) => usageFailure(`stdin cannot be read: ${(cause as Error).message}`)
  }).pipe(Effect.map(({ done, value }) => (done === true ? noBytes : value)))
}

/** All of it, to its end, in the parts in which it came. */
export const allPartsOfStdin = Effect.gen(function* () {
  const next = stdinParts()
  const taken: Array<Uint8Array> = []
  for (;;) {
    const part = yield* next
    if (part.length === 0) return taken
    taken.push(part)
  }
})

/** The same as one. */
export const allOfStdin = Effect.map(allPartsOfStdin, (parts) => Buffer.concat(parts))
