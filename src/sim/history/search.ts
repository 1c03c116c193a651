/**
 * The search of Wing and Gong as Lowe improved it: place operations one after the other, never come back to a
 * position with the same operations placed and the same state. Steps can be given in portions.
 */
import { type Guard, type Model, type Partition, refused } from "./model.ts"
import { Placing } from "./placing.ts"
import type { Allowance } from "./visited.ts"

/** Shortcuts of the search; all are exact, and are switched off only to prove that. */
export interface Shortcuts {
  /** An operation that changes nothing and fits is placed at once, without alternatives. */
  readonly pureFirst: boolean
  /** Of open operations that do the same, the one invoked first is used first. */
  readonly symmetry: boolean
  /** An open operation is not used where what follows would come out the same without it. */
  readonly needed: boolean
  /** The model's guard is asked. */
  readonly guard: boolean
  /** Open operations of a register that nobody could notice are left out from the start. */
  readonly unnoticed: boolean
}

export const allShortcuts: Shortcuts = {
  pureFirst: true,
  symmetry: true,
  needed: true,
  guard: true,
  unnoticed: true
}

export type SearchVerdict = "linearizable" | "not-linearizable" | "unknown"

/** A search for an order of one partition's operations; `run` it until it decides. */
export class Search<State, Command> {
  steps = 0
  /** The return before which the longest order that was found could not place the next operation. */
  stuckAt = Number.POSITIVE_INFINITY
  private readonly model: Model<State, Command>
  private readonly partition: Partition<Command>
  private readonly shortcuts: Shortcuts
  private readonly placing: Placing
  private readonly guard: Guard<State> | undefined
  private readonly count: number
  /**
   * Unplaced operations in order of invocation: closed ones in a ring through `count`, open through `count
   * + 1`.
   */
  private readonly next: Int32Array
  private readonly previous: Int32Array
  private readonly isPure: Uint8Array
  /** For an open operation: the one before it that does the same, or -1. */
  private readonly twin: Int32Array
  /** The states that were seen, their numbers, and by depth the number of the state before that placement. */
  private readonly states: Array<State> = []
  private readonly numbers = new Map<string | number, number>()
  private readonly before: Int32Array
  private readonly isForced: Uint8Array
  private state: number
  private readonly closedCount: number
  private remaining = 0
  private cursor = -1
  /** The longest order that was found so far, and how far the order at hand still agrees with it. */
  private readonly longest: Int32Array
  private longestLength = 0
  private longestClosed = -1
  private agrees = 0
  private longestState: number
  private decided: SearchVerdict = "unknown"

  constructor(
    model: Model<State, Command>,
    partition: Partition<Command>,
    shortcuts: Shortcuts,
    allowance: Allowance
  ) {
    this.model = model
    this.partition = partition
    this.shortcuts = shortcuts
    const count = (this.count = partition.commands.length)
    this.placing = new Placing(partition.dones, allowance)
    this.guard = shortcuts.guard ? model.guard?.(partition) : undefined
    this.next = new Int32Array(count + 2)
    this.previous = new Int32Array(count + 2)
    this.isPure = new Uint8Array(count)
    this.twin = new Int32Array(count).fill(-1)
    this.before = new Int32Array(count + 1)
    this.isForced = new Uint8Array(count + 1)
    this.longest = new Int32Array(count)
    this.state = this.longestState = this.numberOf(model.initial)
    this.link()
    this.closedCount = this.remaining
    if (this.guard?.hopeless() === true) this.decided = "not-linearizable"
  }

  private link(): void {
    const { count, next, previous } = this
    const last = [count, count + 1]
    const twins = new Map<string, number>()
    for (let index = 0; index < count; index++) {
      const command = this.partition.commands[index]!
      this.isPure[index] = this.model.pure(command) ? 1 : 0
      const isOpen = this.placing.isOpen(index)
      // Nobody saw an open operation, and if it changes nothing nobody ever will.
      if (isOpen && this.isPure[index] === 1) continue
      const list = isOpen ? 1 : 0
      next[last[list]!] = index
      previous[index] = last[list]!
      last[list] = index
      if (!isOpen) this.remaining++
      else if (this.shortcuts.symmetry) {
        const print = this.model.fingerprint(command)
        this.twin[index] = twins.get(print) ?? -1
        twins.set(print, index)
      }
    }
    for (const list of [0, 1]) {
      next[last[list]!] = count + list
      previous[count + list] = last[list]!
    }
  }

  private numberOf(state: State): number {
    const identity = this.model.identity(state)
    const known = this.numbers.get(identity)
    if (known !== undefined) return known
    const number = this.states.length
    this.numbers.set(identity, number)
    this.states.push(state)
    return number
  }

  /**
   * The number of the state after the operation at `index`, from state number `from`; -1 if it is refused.
   */
  private stepped(from: number, index: number): number {
    this.steps++
    const before = this.states[from]!
    const after = this.model.step(before, this.partition.commands[index]!)
    if (after === refused) return -1
    return after === before ? from : this.numberOf(after as State)
  }

  private take(index: number, after: number, isForced: boolean): void {
    const { next, previous, placing } = this
    next[previous[index]!] = next[index]!
    previous[next[index]!] = previous[index]!
    this.before[placing.depth] = this.state
    this.isForced[placing.depth] = isForced ? 1 : 0
    placing.place(index)
    this.guard?.take(index)
    if (!placing.isOpen(index)) this.remaining--
    this.state = after
  }

  private takeBack(): number {
    const { next, previous, placing } = this
    const index = placing.takeBack()
    next[previous[index]!] = index
    previous[next[index]!] = index
    this.guard?.undo(index)
    if (!placing.isOpen(index)) this.remaining++
    this.state = this.before[placing.depth]!
    if (placing.depth < this.agrees) this.agrees = placing.depth
    return index
  }

  /** Operations invoked after this returned cannot come first. */
  private earliestReturn(): number {
    const { next, count } = this
    const { calls, dones } = this.partition
    let earliest = Number.POSITIVE_INFINITY
    for (let index = next[count]!; index !== count && calls[index]! < earliest; index = next[index]!) {
      if (dones[index]! < earliest) earliest = dones[index]!
      this.steps++
    }
    return earliest
  }

  private takePure(earliest: number): boolean {
    const { next, count } = this
    const { calls } = this.partition
    for (let index = next[count]!; index !== count && calls[index]! < earliest; index = next[index]!) {
      if (this.isPure[index] === 0 || this.stepped(this.state, index) !== this.state) continue
      this.take(index, this.state, true)
      return true
    }
    return false
  }

  /** Would the operation at `index` leave `after` even without the open operation that was placed last? */
  private isNeedless(index: number, after: number): boolean {
    const { placing } = this
    if (!this.shortcuts.needed || placing.depth === 0) return false
    const last = placing.order[placing.depth - 1]!
    return placing.isOpen(last) && this.stepped(this.before[placing.depth - 1]!, index) === after
  }

  private tryTake(index: number): boolean {
    const isOpen = this.placing.isOpen(index)
    if (isOpen) {
      const twin = this.twin[index]!
      if (twin >= 0 && !this.placing.isPlaced(twin)) return false
    }
    const before = this.state
    const after = this.stepped(before, index)
    if (after < 0 || (isOpen && after === before) || this.isNeedless(index, after)) return false
    this.take(index, after, false)
    if (this.guard?.dead(this.states[before]!, this.states[after]!) !== true) return true
    this.takeBack()
    return false
  }

  /** Takes the first operation that fits, from the cursor on; closed ones come before open ones. */
  private takeNext(earliest: number): boolean {
    const { next, count } = this
    const { calls } = this.partition
    let index = this.cursor
    if (index === count || (index < count && !this.placing.isOpen(index))) {
      for (; index !== count && calls[index]! < earliest; index = next[index]!)
        if (this.tryTake(index)) return true
      index = next[count + 1]!
    }
    for (; index !== count + 1 && calls[index]! < earliest; index = next[index]!)
      if (this.tryTake(index)) return true
    return false
  }

  private noteLongest(): void {
    const closed = this.closedCount - this.remaining
    if (closed <= this.longestClosed) return
    const { depth, order } = this.placing
    for (let at = this.agrees; at < depth; at++) this.longest[at] = order[at]!
    this.longestLength = this.agrees = depth
    this.longestClosed = closed
    this.longestState = this.state
    this.stuckAt = this.earliestReturn()
  }

  /** Goes back to the last choice; false if there is none left. */
  private goBack(): boolean {
    this.noteLongest()
    while (this.placing.depth > 0) {
      const index = this.takeBack()
      if (this.isForced[this.placing.depth] === 1) continue
      this.cursor = this.next[index]!
      return true
    }
    return false
  }

  private proceed(budget: number): SearchVerdict {
    const stop = this.steps + budget
    let isNew = this.cursor === -1
    while (this.steps < stop) {
      if (isNew && this.remaining === 0) return "linearizable"
      const earliest = this.earliestReturn()
      if (isNew) {
        if (this.shortcuts.pureFirst && this.takePure(earliest)) continue
        this.cursor = this.next[this.count]!
        if (!this.placing.arrive(this.state)) {
          if (!this.goBack()) return "not-linearizable"
          isNew = false
          continue
        }
      }
      isNew = this.takeNext(earliest)
      if (isNew) this.cursor = -1
      else if (!this.goBack()) return "not-linearizable"
    }
    return "unknown"
  }

  /** Searches for `budget` more steps; "unknown" if that did not decide it. */
  run(budget: number): SearchVerdict {
    if (this.decided === "unknown") {
      this.decided = this.proceed(budget)
      if (this.decided !== "unknown") {
        this.noteLongest()
        this.placing.release()
      }
    }
    return this.decided
  }

  /** The longest order found: positions in the partition, and the state to which it leads. */
  witness(): { readonly order: ReadonlyArray<number>; readonly state: State } {
    return {
      order: [...this.longest.subarray(0, this.longestLength)],
      state: this.states[this.longestState]!
    }
  }
}
