/**
 * What is on a simulated disk: files by path, directories, and what was ever thrown away (stale sectors come
 * from there).
 */
import { SectorFile } from "./sectors.ts"

/**
 * A write that the disk may still lose: not complete yet, complete only by the word of a disk that lies, or
 * left in the system's cache by a process that was killed.
 */
export interface VolatileWrite {
  readonly file: SectorFile
  readonly path: string
  readonly offset: number
  /** Where it was to go. */
  readonly meantOffset: number
  readonly bytes: Uint8Array
  readonly before: Uint8Array
  /** Never where the process was killed that waited for it. */
  readonly acknowledgedMicros: number
  readonly durableMicros: number
}

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")))

/** All content of a disk; `copy` makes a backup of it. */
export class DiskImage {
  readonly files = new Map<string, SectorFile>()
  readonly directories = new Set<string>([""])
  /** Sectors of files that were removed or replaced, most recent last; at most 64. */
  readonly discarded: Array<Uint8Array> = []
  /** Told of a file that is about to go; `isLost`: the disk loses it, or another one takes its place. */
  onRemove: ((path: string, isLost: boolean) => void) | undefined

  usedBytes(): number {
    let used = 0
    for (const file of this.files.values()) used += file.sizeBytes
    return used
  }

  makeDirectory(path: string): void {
    for (let at = path; at !== "" && !this.directories.has(at); at = parentOf(at)) this.directories.add(at)
  }

  /** A directory goes, with all that is in it. */
  removeDirectory(directory: string): void {
    const isIn = (path: string) => path === directory || path.startsWith(`${directory}/`)
    for (const path of [...this.files.keys()].filter(isIn)) this.remove(path, true)
    for (const path of [...this.directories].filter(isIn)) this.directories.delete(path)
  }

  hasParent(path: string): boolean {
    return this.directories.has(parentOf(path))
  }

  list(directory: string): ReadonlyArray<string> {
    const names: Array<string> = []
    for (const path of this.files.keys()) {
      if (parentOf(path) === directory) names.push(path.slice(directory.length + 1))
    }
    return names.sort()
  }

  /** A file goes. */
  remove(path: string, isLost = false): void {
    const file = this.files.get(path)
    if (file === undefined) return
    this.onRemove?.(path, isLost)
    this.discarded.push(...file.lastWritten(8))
    if (this.discarded.length > 64) this.discarded.splice(0, this.discarded.length - 64)
    this.files.delete(path)
  }

  /** A file with this content in the place of whatever was there. */
  replace(path: string, bytes: Uint8Array): void {
    const file = new SectorFile(bytes.length)
    file.write(0, bytes)
    this.remove(path, true)
    this.files.set(path, file)
  }

  copy(): DiskImage {
    const made = new DiskImage()
    for (const [path, file] of this.files) made.files.set(path, file.copy())
    for (const directory of this.directories) made.directories.add(directory)
    for (const sector of this.discarded) made.discarded.push(sector)
    return made
  }
}
