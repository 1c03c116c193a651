/** Guards for registers: they see early that a value is gone which somebody must yet observe. */
import { type Guard, isClosed, type Partition, type Transition } from "./model.ts"

/**
 * A list of operations in a fixed order, of which the first that is not yet placed is wanted again and
 * again.
 */
class Waiting {
  private readonly indices: ReadonlyArray<number>
  private readonly isTaken: Uint8Array
  private readonly rank = new Map<number, number>()
  private low = 0

  constructor(indices: ReadonlyArray<number>, isTaken: Uint8Array) {
    this.indices = indices
    this.isTaken = isTaken
    indices.forEach((index, rank) => {
      this.rank.set(index, rank)
    })
  }

  /** To be told when `index` is no longer placed. */
  undo(index: number): void {
    this.low = Math.min(this.low, this.rank.get(index) ?? this.low)
  }

  /** The first operation that is not placed. */
  first(): number | undefined {
    const { indices, isTaken } = this
    while (this.low < indices.length && isTaken[indices[this.low]!] === 1) this.low++
    return indices[this.low]
  }

  /** The operations that are not placed, in order, at most `max` of them. */
  head(max: number): ReadonlyArray<number> {
    this.first()
    const { indices, isTaken } = this
    const found: Array<number> = []
    for (let at = this.low; at < indices.length && found.length < max; at++) {
      if (isTaken[indices[at]!] === 0) found.push(indices[at]!)
    }
    return found
  }
}

const byDone = (partition: Partition<unknown>) => (a: number, b: number) =>
  partition.dones[a]! - partition.dones[b]!

/** Who must see a value, by return, and who can bring it about, by invocation. */
interface ValueUse {
  readonly observers: Waiting
  readonly producers: Waiting
}

/**
 * For registers without append. Whoever must yet observe the value that is being left needs somebody who
 * produces it again, invoked before the observer returned.
 */
export class ValueGuard implements Guard<number> {
  private readonly uses = new Map<number, ValueUse>()
  private readonly partition: Partition<Transition>
  private readonly isTaken: Uint8Array
  private readonly initial: number

  constructor(partition: Partition<Transition>, initial: number) {
    const { commands } = partition
    this.partition = partition
    this.initial = initial
    this.isTaken = new Uint8Array(commands.length)
    const observers = new Map<number, Array<number>>()
    const producers = new Map<number, Array<number>>()
    const add = (lists: Map<number, Array<number>>, value: number, index: number) => {
      const list = lists.get(value)
      if (list === undefined) lists.set(value, [index])
      else list.push(index)
    }
    for (const [index, { observes, produces }] of commands.entries()) {
      if (observes >= 0 && isClosed(partition, index)) add(observers, observes, index)
      if (produces >= 0 && produces !== observes) add(producers, produces, index)
    }
    for (const [value, list] of observers) {
      this.uses.set(value, {
        observers: new Waiting(list.sort(byDone(partition)), this.isTaken),
        producers: new Waiting(producers.get(value) ?? [], this.isTaken)
      })
    }
  }

  take(index: number): void {
    this.isTaken[index] = 1
  }

  undo(index: number): void {
    this.isTaken[index] = 0
    const { observes, produces } = this.partition.commands[index]!
    if (observes >= 0) this.uses.get(observes)?.observers.undo(index)
    if (produces >= 0) this.uses.get(produces)?.producers.undo(index)
  }

  private isLost(value: number): boolean {
    const use = this.uses.get(value)
    const observer = use?.observers.first()
    if (use === undefined || observer === undefined) return false
    const producer = use.producers.first()
    return producer === undefined || this.partition.calls[producer]! > this.partition.dones[observer]!
  }

  hopeless(): boolean {
    for (const value of this.uses.keys()) if (value !== this.initial && this.isLost(value)) return true
    return false
  }

  dead(before: number, after: number): boolean {
    return before !== after && this.isLost(before)
  }
}

/** How many observers the guard of texts looks at, those that return first. */
const lookedAtMax = 16

/**
 * For registers with append. Text only grows until something replaces it: whoever must yet observe a text
 * needs that what is there is its beginning, or that something is left which can put such a beginning
 * there.
 */
export class AppendGuard implements Guard<number> {
  private readonly partition: Partition<Transition>
  private readonly text: (value: number) => string
  private readonly isTaken: Uint8Array
  private readonly observers: Waiting
  /** What replaces the text, by the text that it puts there. */
  private readonly resets = new Map<string, Array<number>>()
  private readonly resetLengths = new Set<number>()
  private readonly sources = new Map<number, ReadonlyArray<number>>()

  constructor(partition: Partition<Transition>, text: (value: number) => string) {
    this.partition = partition
    this.text = text
    const { commands } = partition
    this.isTaken = new Uint8Array(commands.length)
    const all = [...commands.keys()]
    const observers = all.filter((index) => commands[index]!.observes >= 0 && isClosed(partition, index))
    this.observers = new Waiting(observers.sort(byDone(partition)), this.isTaken)
    for (const index of all) {
      const { produces } = commands[index]!
      if (produces < 0) continue
      const start = text(produces)
      const list = this.resets.get(start)
      if (list === undefined) this.resets.set(start, [index])
      else list.push(index)
      this.resetLengths.add(start.length)
    }
  }

  take(index: number): void {
    this.isTaken[index] = 1
  }

  undo(index: number): void {
    this.isTaken[index] = 0
    this.observers.undo(index)
  }

  hopeless(): boolean {
    return false
  }

  /** The operations that put a beginning of what `observer` saw, invoked before it returned. */
  private sourcesOf(observer: number, seen: string): ReadonlyArray<number> {
    const known = this.sources.get(observer)
    if (known !== undefined) return known
    const { calls, dones } = this.partition
    const found: Array<number> = []
    for (const length of this.resetLengths) {
      if (length > seen.length) continue
      for (const reset of this.resets.get(seen.slice(0, length)) ?? []) {
        if (reset !== observer && calls[reset]! < dones[observer]!) found.push(reset)
      }
    }
    this.sources.set(observer, found)
    return found
  }

  dead(_before: number, after: number): boolean {
    const { commands } = this.partition
    const present = this.text(after)
    for (const observer of this.observers.head(lookedAtMax)) {
      const seen = this.text(commands[observer]!.observes)
      if (seen.startsWith(present)) continue
      const sources = this.sourcesOf(observer, seen)
      if (sources.findLast((source) => this.isTaken[source] === 0) === undefined) return true
    }
    return false
  }
}
