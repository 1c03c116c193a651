/**
 * Random histories of an object that is linearizable by construction, ways to break them, and the naive
 * checker.
 */
import { type Model, refused } from "../../src/sim/history/model.ts"
import type { Json, Operation } from "../../src/sim/history/operation.ts"

/** A small generator of random numbers, so that every history can be made again from its seed. */
export class Dice {
  private state: number

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 12345) >>> 0
  }

  /** A whole number from 0 to below `sides`. */
  roll(sides: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent
  }

  pick<A>(all: ReadonlyArray<A>): A {
    return all[this.roll(all.length)]!
  }
}

/** What kind of history to make. */
export interface Recipe {
  readonly operations: number
  readonly processes: number
  readonly keys: number
  /** Values are drawn from so many; 0 = each written value is new. */
  readonly values: number
  readonly kinds: ReadonlyArray<string>
  /** Of a hundred operations so many never return, and so many fail. */
  readonly openPercent: number
  readonly failPercent: number
  /** Each answer carries the place at which it took effect. */
  readonly versions?: boolean
}

type Draft = { -readonly [Name in keyof Operation]: Operation[Name] }

interface Pending {
  readonly draft: Draft
  readonly returns: boolean
  readonly fails: boolean
  isDone: boolean
}

/** The object, the clients that work on it, and what they have seen. */
class Workload {
  readonly history: Array<Draft> = []
  private readonly dice: Dice
  private readonly recipe: Recipe
  private readonly store = new Map<number, Json>()
  private readonly pending: Array<Pending | undefined>
  private readonly lost: Array<Pending> = []
  private event = 0
  private fresh = 0
  private version = 0

  constructor(dice: Dice, recipe: Recipe) {
    this.dice = dice
    this.recipe = recipe
    this.pending = Array.from({ length: recipe.processes }, () => undefined)
  }

  isOver(): boolean {
    return this.history.length >= this.recipe.operations && this.pending.every((item) => item === undefined)
  }

  private value(): Json {
    return this.recipe.values === 0 ? `v${++this.fresh}` : this.dice.roll(this.recipe.values)
  }

  private input(f: string, key: number): Json | undefined {
    const { dice, recipe } = this
    if (f === "read" || f === "get" || f === "delete") return undefined
    if (f === "append") return `${String(this.value())} `
    if (f !== "cas") return this.value()
    const seen = this.store.get(key) ?? null
    return [recipe.values === 0 || dice.chance(60) ? seen : dice.roll(recipe.values), this.value()]
  }

  private invoke(process: number): void {
    const { dice, recipe } = this
    const f = dice.pick(recipe.kinds)
    const key = dice.roll(recipe.keys)
    const draft: Draft = {
      process,
      f,
      key,
      input: this.input(f, key),
      output: undefined,
      outcome: "open",
      call: ++this.event,
      done: Number.POSITIVE_INFINITY,
      version: undefined
    }
    this.history.push(draft)
    const fails = f !== "cas" && dice.chance(recipe.failPercent)
    this.pending[process] = { draft, returns: !dice.chance(recipe.openPercent), fails, isDone: false }
  }

  /** The instant at which the operation takes effect. */
  private apply(item: Pending): void {
    const { draft, fails } = item
    const { f, input } = draft
    item.isDone = true
    draft.outcome = fails ? "fail" : "ok"
    if (fails) return
    const key = draft.key as number
    const before = this.store.get(key) ?? null
    this.version++
    if (this.recipe.versions === true) draft.version = this.version
    if (f === "read" || f === "get") draft.output = before
    else if (f === "cas") {
      const [from, to] = input as readonly [Json, Json]
      if (before === from) this.store.set(key, to)
      else draft.outcome = "fail"
    } else if (f === "append")
      this.store.set(key, `${before === null ? "" : String(before)}${input as string}`)
    else this.store.set(key, f === "delete" ? null : (input ?? null))
  }

  /** Nobody learns what came of it. */
  private forget({ draft }: Pending): void {
    draft.outcome = "open"
    draft.output = undefined
    draft.version = undefined
  }

  step(): void {
    const { dice, lost } = this
    if (lost.length > 0 && dice.chance(15)) {
      const item = lost.splice(dice.roll(lost.length), 1)[0]!
      this.apply(item)
      this.forget(item)
      return
    }
    const process = dice.roll(this.recipe.processes)
    const item = this.pending[process]
    if (item === undefined) {
      if (this.history.length < this.recipe.operations) this.invoke(process)
    } else if (!item.isDone && (item.returns || dice.chance(60))) this.apply(item)
    else {
      this.pending[process] = undefined
      if (item.returns) item.draft.done = ++this.event
      else {
        // It may take effect later, or not at all.
        if (!item.isDone) lost.push(item)
        this.forget(item)
      }
    }
  }
}

/**
 * Makes a history by running operations against a real object, each at one instant between its two events.
 */
export const generate = (dice: Dice, recipe: Recipe): Array<Operation> => {
  const workload = new Workload(dice, recipe)
  while (!workload.isOver()) workload.step()
  return workload.history
}

/** Changes one answer, moves one return, or makes one operation return that never did: often a violation. */
export const damage = (dice: Dice, history: ReadonlyArray<Operation>, values: number): Array<Operation> => {
  const copy: Array<Draft> = history.map((operation) => ({ ...operation }))
  const known = copy
    .flatMap(({ output, input }) => [output, input])
    .filter((value) => typeof value !== "object")
  for (let times = 1 + dice.roll(2); times > 0; times--) {
    const one = dice.pick(copy)
    if (one.version !== undefined && dice.chance(30)) one.version = dice.roll(copy.length)
    if ((one.f === "read" || one.f === "get") && one.outcome === "ok") {
      one.output = dice.chance(20) ? null : ((values > 0 ? dice.roll(values) : dice.pick(known)) ?? null)
    } else if (one.outcome === "open") {
      one.outcome = "ok"
      one.done = one.call + 0.5 + dice.roll(10)
      if (one.f === "read" || one.f === "get") one.output = dice.pick(known) ?? null
    } else if (one.outcome === "ok" && dice.chance(50)) one.done = one.call + 0.5
    else if (one.outcome === "fail") one.outcome = "ok"
  }
  return copy
}

/**
 * The definition itself: is there an order of what returned and of some of what did not that explains each
 * answer?
 */
export const bruteForce = <State, Command>(
  model: Model<State, Command>,
  operations: ReadonlyArray<Operation>
): boolean => {
  const items = operations.flatMap((operation) => {
    const command = model.command(operation)
    return typeof command === "object" ? [{ operation, command: command as Command }] : []
  })
  type Item = (typeof items)[number]
  const extend = (left: ReadonlyArray<Item>, states: ReadonlyMap<unknown, State>): boolean => {
    if (left.every(({ operation }) => operation.outcome === "open")) return true
    return left.some((item) => {
      const { key, call } = item.operation
      if (left.some(({ operation }) => operation !== item.operation && operation.done < call)) return false
      const after = model.step(states.has(key) ? states.get(key)! : model.initial, item.command)
      if (after === refused) return false
      return extend(
        left.filter((other) => other !== item),
        new Map(states).set(key, after as State)
      )
    })
  }
  return extend(items, new Map())
}
