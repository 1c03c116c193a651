/** Files that commands write because they were asked to. */
import { accessSync, constants, existsSync, mkdtempSync, rmdirSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { Effect } from "effect"
import { type CommandFailed, usageFailure } from "./failure.ts"

/** Runs what writes to `path`, and says in a sentence where that cannot be. */
export const writing = <A>(path: string, write: () => A): Effect.Effect<A, CommandFailed> =>
  Effect.try({
    try: write,
    catch: (cause) => usageFailure(`${path} cannot be written: ${(cause as Error).message}`)
  })

/** Throws what the system says where a file cannot be written, and leaves alone what is there. */
export const expectWritable = (path: string): void => {
  const isThere = existsSync(path)
  if (isThere && statSync(path).isDirectory()) throw new Error("it is a directory")
  if (!isThere && !statSync(dirname(path)).isDirectory()) throw new Error(`${dirname(path)} is no directory`)
  accessSync(isThere ? path : dirname(path), constants.W_OK)
}

/**
 * Throws what the system says where a directory cannot be made and written. It makes none: one of another
 * name is tried in the place where the first would be made, and taken away again.
 */
export const expectDirectory = (path: string): void => {
  let place = resolve(path)
  while (!existsSync(place)) place = dirname(place)
  rmdirSync(mkdtempSync(join(place, ".aplomb-")))
}
