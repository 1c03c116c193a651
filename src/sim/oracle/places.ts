/** Where in the log of a node the newest record stands of all that a group needs. */
import { runLast } from "../../protocol/log/run.ts"
import type { DurableRecord } from "../../protocol/step.ts"

type Fact = "promise" | "note of leases" | "base"

/** Segments by what they hold. */
export class Places {
  /** By slot, counted from 0. */
  readonly #entries: Array<number | undefined> = []
  readonly #facts = new Map<Fact, number>()

  note(record: DurableRecord, segment: number): void {
    switch (record._tag) {
      case "Promised":
        this.#facts.set("promise", segment)
        return
      case "LeaseNoted":
        this.#facts.set("note of leases", segment)
        return
      case "Based":
        this.#facts.set("base", segment)
        return
      case "Appended":
        return this.#append(record.run.first, runLast(record.run), segment)
      case "Rewritten":
        this.#entries.length = 0
        if (record.base.slot > 0) this.#facts.set("base", segment)
        for (const run of record.runs) this.#append(run.first, runLast(run), segment)
        return
      case "Chosen":
        return
    }
  }

  #append(first: number, last: number, segment: number): void {
    this.#entries.length = last
    this.#entries.fill(segment, first - 1)
  }

  /** What stands in this segment only, of what a log needs that begins behind `base`. */
  onlyIn(segment: number, base: number): string | undefined {
    for (const [fact, place] of this.#facts) if (place === segment) return `its ${fact}`
    const index = this.#entries.findIndex((place, at) => place === segment && at >= base)
    return index < 0 ? undefined : `the entry of slot ${index + 1}`
  }

  forget(): void {
    this.#entries.length = 0
    this.#facts.clear()
  }
}
