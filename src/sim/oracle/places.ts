/** Where in the log of a node the newest record stands of all that a group needs. */
import { runLast } from "../../protocol/log/run.ts"
import type { DurableRecord } from "../../protocol/step.ts"

type Fact = "promise" | "note of leases" | "base"

/** Positions of frames by what stands in them. */
export class Places {
  /** By slot, counted from 0. */
  readonly #entries: Array<number | undefined> = []
  readonly #facts = new Map<Fact, number>()

  note(record: DurableRecord, position: number): void {
    switch (record._tag) {
      case "Promised":
        this.#facts.set("promise", position)
        return
      case "LeaseNoted":
        this.#facts.set("note of leases", position)
        return
      case "Based":
        this.#facts.set("base", position)
        return
      case "Appended":
        return this.#append(record.run.first, runLast(record.run), position)
      case "Rewritten":
        this.#entries.length = 0
        if (record.base.slot > 0) this.#facts.set("base", position)
        for (const run of record.runs) this.#append(run.first, runLast(run), position)
        return
      case "Chosen":
        return
    }
  }

  #append(first: number, last: number, position: number): void {
    this.#entries.length = last
    this.#entries.fill(position, first - 1)
  }

  /** Where the entry of a slot stands; undefined where none does. */
  of(slot: number): number | undefined {
    return this.#entries[slot - 1]
  }

  /** What stands in this part of the log only, of what a log needs that begins behind `base`. */
  onlyIn(from: number, end: number, base: number): string | undefined {
    const isIn = (place: number | undefined) => place !== undefined && place >= from && place < end
    for (const [fact, place] of this.#facts) if (isIn(place)) return `its ${fact}`
    const index = this.#entries.findIndex((place, at) => isIn(place) && at >= base)
    return index < 0 ? undefined : `the entry of slot ${index + 1}`
  }

  forget(): void {
    this.#entries.length = 0
    this.#facts.clear()
  }
}
