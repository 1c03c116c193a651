/**
 * Changes of directories (files made, replaced, removed) that a killed process left in the system's cache:
 * the next life sees them, and a power cut takes them back unless their directory was synced before.
 */
import type { CountedRandom } from "../kernel/random.ts"
import { type DiskImage, parentOf } from "./image.ts"

/** A change of files as a whole (made, replaced, removed) that is under way. */
export interface MetadataChange {
  readonly path: string
  readonly apply: () => void
  /** Has the changes stand that are synced with it; called before `apply`. */
  readonly sync: () => void
}

interface CachedChange {
  /** What is there, or is not, since: a file, or the topmost of the directories that were made. */
  readonly path: string
  readonly durableMicros: number
  readonly undo: () => void
}

export class CachedChanges {
  #changes: Array<CachedChange> = []

  /**
   * Has a change happen that a power cut before `durableMicros` may take back; false where it changes
   * nothing.
   */
  apply(image: DiskImage, { path, apply }: MetadataChange, durableMicros: number): boolean {
    const file = image.files.get(path)
    const directories = new Set(image.directories)
    apply()
    const [made] = [...image.directories].filter((one) => !directories.has(one)).sort()
    if (made !== undefined) {
      this.#changes.push({ path: made, durableMicros, undo: () => image.removeDirectory(made) })
      return true
    }
    if (image.files.get(path) === file) return false
    const undo = () => {
      image.remove(path, true)
      if (file !== undefined) image.files.set(path, file)
    }
    this.#changes.push({ path, durableMicros, undo })
    return true
  }

  /** What was changed in a directory stands. */
  sync(directory: string): void {
    if (this.#changes.length === 0) return
    this.#changes = this.#changes.filter(({ path }) => parentOf(path) !== directory)
  }

  /** The same of a directory and of those above it. */
  syncAll(directory: string): void {
    if (this.#changes.length === 0) return
    for (let at = directory; at !== ""; at = parentOf(at)) this.sync(at)
    this.sync("")
  }

  /** Whether a file that is there now would be there after a power cut. */
  isDurable(path: string, nowMicros: number): boolean {
    if (this.#changes.length === 0) return true
    return !this.#changes.some(
      (change) =>
        change.durableMicros > nowMicros && (change.path === path || path.startsWith(`${change.path}/`))
    )
  }

  /**
   * A power cut: of what was not durable yet the first ones stand, as file systems write such changes in
   * their order. Returns the paths of the others.
   */
  cut(random: CountedRandom, nowMicros: number): ReadonlyArray<string> {
    const open = this.#changes.filter(({ durableMicros }) => durableMicros > nowMicros)
    this.#changes = []
    if (open.length === 0) return []
    const lost = open.slice(random.range(0, open.length)).reverse()
    for (const { undo } of lost) undo()
    return lost.map(({ path }) => path)
  }

  forget(): void {
    this.#changes = []
  }
}
