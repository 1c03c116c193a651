/** Directories of a real machine, made together with those above them. */
import * as fs from "node:fs"
import { dirname } from "node:path"

/** Whether it had to be made. */
const makeOne = (path: string): boolean => {
  try {
    fs.mkdirSync(path)
    return true
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === "EEXIST"
    if (isThere && fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return false
    throw cause
  }
}

/**
 * Makes a directory and those above it. Node's own way tries for ever where a directory takes none, as /proc
 * does, and says that there is no such directory.
 *
 * @returns the topmost one that was made; undefined where all were there
 * @throws what the system says, of the first that cannot be made
 * @example makeDirectories("data/n1/wal") // "data", where nothing was there
 */
export const makeDirectories = (path: string): string | undefined => {
  try {
    return makeOne(path) ? path : undefined
  } catch (cause) {
    const above = dirname(path)
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || above === path) throw cause
    const first = makeDirectories(above)
    return makeOne(path) ? (first ?? path) : first
  }
}
