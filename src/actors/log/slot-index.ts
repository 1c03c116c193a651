/**
 * Where in the write-ahead log a group's entries are: one place for every stretch of bytes, so memory stays
 * flat.
 */
import type { Slot } from "../../protocol/ids.ts"

/**
 * Sparse: slots and positions both grow. Reading begins at the place of the last indexed slot at or before
 * the one wanted and goes forward from there.
 */
export class SlotIndex {
  readonly #slots: Array<number> = []
  readonly #positions: Array<number> = []
  /** Bytes of entries that had been taken in before each. */
  readonly #bytes: Array<number> = []
  readonly #spacingBytes: number

  constructor(spacingBytes: number) {
    this.#spacingBytes = spacingBytes
  }

  /**
   * Notes that a run beginning at `slot` is at `position`, and how many bytes of entries had been taken in
   * before it. What was noted for this slot and later ones is replaced.
   */
  note(slot: Slot, position: number, bytesBefore: number): void {
    while (this.#slots.length > 0 && this.#slots[this.#slots.length - 1]! >= slot) {
      this.#slots.pop()
      this.#positions.pop()
      this.#bytes.pop()
    }
    const last = this.#positions[this.#positions.length - 1]
    if (last !== undefined && position < last + this.#spacingBytes) return
    this.#slots.push(slot)
    this.#positions.push(position)
    this.#bytes.push(bytesBefore)
  }

  /** Forgets the places that are only needed for slots before `first`. */
  cutBefore(first: Slot): void {
    const kept = Math.max(0, this.#find(first) - 1)
    this.#slots.splice(0, kept)
    this.#positions.splice(0, kept)
    this.#bytes.splice(0, kept)
  }

  /**
   * What was noted for slots through `through` gives way to one place, where everything from `first` on is.
   */
  replaceThrough(through: Slot, first: Slot, position: number, bytesBefore: number): void {
    const count = this.#find(through)
    this.#slots.splice(0, count, first)
    this.#positions.splice(0, count, position)
    this.#bytes.splice(0, count, bytesBefore)
  }

  /** Where to begin reading for a slot; undefined where nothing was noted at or before it. */
  positionFor(slot: Slot): number | undefined {
    return this.#positions[this.#find(slot) - 1]
  }

  /** About how many bytes of entries had been taken in before a slot; undefined as `positionFor`. */
  bytesBefore(slot: Slot): number | undefined {
    return this.#bytes[this.#find(slot) - 1]
  }

  /** How many noted slots are at or before this one. */
  #find(slot: Slot): number {
    let low = 0
    let high = this.#slots.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#slots[middle]! <= slot) low = middle + 1
      else high = middle
    }
    return low
  }
}
