/**
 * Where in the write-ahead log a group's entries are: one place for every stretch of bytes, so memory stays
 * flat.
 */
import type { Slot } from "../protocol/ids.ts"

/**
 * Sparse: slots and positions both grow. Reading begins at the place of the last indexed slot at or before
 * the one wanted and goes forward from there.
 */
export class SlotIndex {
  readonly #slots: Array<number> = []
  readonly #positions: Array<number> = []
  readonly #spacingBytes: number

  constructor(spacingBytes: number) {
    this.#spacingBytes = spacingBytes
  }

  /**
   * Notes that a run beginning at `slot` is at `position`. What was noted for this slot and later ones is
   * replaced.
   */
  note(slot: Slot, position: number): void {
    while (this.#slots.length > 0 && this.#slots[this.#slots.length - 1]! >= slot) {
      this.#slots.pop()
      this.#positions.pop()
    }
    const last = this.#positions[this.#positions.length - 1]
    if (last !== undefined && position < last + this.#spacingBytes) return
    this.#slots.push(slot)
    this.#positions.push(position)
  }

  /** Where to begin reading for a slot; undefined where nothing was noted at or before it. */
  positionFor(slot: Slot): number | undefined {
    let low = 0
    let high = this.#slots.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#slots[middle]! <= slot) low = middle + 1
      else high = middle
    }
    return this.#positions[low - 1]
  }
}
