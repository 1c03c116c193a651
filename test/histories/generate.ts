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

/**
 * Makes a history by running the operations against a real object, each at one instant between its two
 * events.
 */
export const generate = (dice: Dice, recipe: Recipe): Array<Operation> => {
  const store = new Map<number, Json>()
  const history: Array<Draft> = []
  const pending: Array<Pending | undefined> = Array.from({ length: recipe.processes }, () => undefined)
  const lost: Array<Pending> = []
  let event = 0
  let fresh = 0
  let version = 0
  const value = (): Json => (recipe.values === 0 ? `v${++fresh}` : dice.roll(recipe.values))
  const invoke = (process: number) => {
    const f = dice.pick(recipe.kinds)
    const key = dice.roll(recipe.keys)
    const seen = store.get(key) ?? null
    const from = recipe.values === 0 || dice.chance(60) ? seen : dice.roll(recipe.values)
    const isRead = f === "read" || f === "get"
    const input: Json | undefined =
      isRead || f === "delete"
        ? undefined
        : f === "cas"
          ? [from, value()]
          : f === "append"
            ? `${String(value())} `
            : value()
    const draft: Draft = {
      process,
      f,
      key,
      input,
      output: undefined,
      outcome: "open",
      call: ++event,
      done: Number.POSITIVE_INFINITY,
      version: undefined
    }
    history.push(draft)
    const fails = f !== "cas" && dice.chance(recipe.failPercent)
    pending[process] = { draft, returns: !dice.chance(recipe.openPercent), fails, isDone: false }
  }
  const apply = (item: Pending) => {
    const { draft } = item
    item.isDone = true
    if (item.fails) draft.outcome = "fail"
    else {
      const key = draft.key as number
      const before = store.get(key) ?? null
      draft.outcome = "ok"
      version++
      if (recipe.versions === true) draft.version = version
      if (draft.f === "read" || draft.f === "get") draft.output = before
      else if (draft.f === "cas") {
        const [from, to] = draft.input as readonly [Json, Json]
        if (before === from) store.set(key, to)
        else draft.outcome = "fail"
      } else if (draft.f === "append")
        store.set(key, `${before === null ? "" : String(before)}${draft.input as string}`)
      else store.set(key, draft.f === "delete" ? null : (draft.input ?? null))
    }
  }
  const close = (process: number, item: Pending) => {
    pending[process] = undefined
    if (item.returns) {
      item.draft.done = ++event
      return
    }
    // Never heard of again; it may take effect later, or not at all.
    if (!item.isDone) lost.push(item)
    item.draft.outcome = "open"
    item.draft.output = undefined
    item.draft.version = undefined
  }
  const step = () => {
    if (lost.length > 0 && dice.chance(15)) {
      const item = lost.splice(dice.roll(lost.length), 1)[0]!
      apply(item)
      item.draft.outcome = "open"
      item.draft.output = undefined
      item.draft.version = undefined
      return
    }
    const process = dice.roll(recipe.processes)
    const item = pending[process]
    if (item === undefined) {
      if (history.length < recipe.operations) invoke(process)
    } else if (!item.isDone && (item.returns || dice.chance(60))) apply(item)
    else close(process, item)
  }
  while (history.length < recipe.operations || pending.some((item) => item !== undefined)) step()
  return history
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
