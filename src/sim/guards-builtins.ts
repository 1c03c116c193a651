/**
 * Guards what cannot be swapped for each run: what modules import by name from Node, and what formats the
 * present time.
 */

/** A function of the guards that stands where another one was. */
export type Trap = (...values: Array<unknown>) => unknown

/** Ends a run with the place where `what` was used: that which called `trap`. */
type Refuse = (what: string, trap: Trap) => never

type Holder = Record<string, unknown>

/** What the run under way in this thread does with a leak. */
let refuse: Refuse | undefined
let isWrapped = false

/** Replaces a method for good by one that does the same outside of runs, under the same name. */
const wrap = (holder: object | undefined, key: string, what: string): void => {
  const real = (holder as Holder | undefined)?.[key]
  if (typeof real !== "function") return
  const wrapped = function (this: unknown, ...values: Array<unknown>): unknown {
    return refuse === undefined ? Reflect.apply(real as Trap, this, values) : refuse(what, wrapped)
  }
  // With them comes what util.promisify takes in its place.
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(real))
  const own = Object.getOwnPropertyDescriptor(holder, key)
  Object.defineProperty(holder, key, { ...own, value: wrapped })
}

const timers = ["setTimeout", "setInterval", "setImmediate"]
const random = ["randomBytes", "randomFill", "randomFillSync", "randomInt", "randomUUID", "pseudoRandomBytes"]

/** Without a date, these take the present one. */
const wrapDateFormats = (): void => {
  const { prototype } = Intl.DateTimeFormat
  const refusePresent = (date: unknown, trap: Trap): void => {
    if (date === undefined) refuse?.("Intl.DateTimeFormat without a date", trap)
  }
  const parts = prototype.formatToParts
  prototype.formatToParts = function formatToParts(date) {
    refusePresent(date, formatToParts as Trap)
    return parts.call(this, date)
  }
  const format = Object.getOwnPropertyDescriptor(prototype, "format")
  const getBound = format?.get
  if (getBound === undefined) return
  const guarded = new WeakMap<Trap, Trap>()
  const get = function (this: Intl.DateTimeFormat): Trap {
    const bound = getBound.call(this) as Trap
    const known = guarded.get(bound)
    if (known !== undefined) return known
    const trap: Trap = (date) => {
      refusePresent(date, trap)
      return bound(date)
    }
    guarded.set(bound, trap)
    return trap
  }
  Object.defineProperty(prototype, "format", { ...format, get })
}

const wrapModules = (): void => {
  const load = (globalThis as { readonly process?: NodeJS.Process }).process?.getBuiltinModule
  if (load === undefined) return
  for (const name of timers) {
    wrap(load("node:timers"), name, `${name} of node:timers`)
    wrap(load("node:timers/promises"), name, `${name} of node:timers/promises`)
  }
  for (const name of random) wrap(load("node:crypto"), name, `${name} of node:crypto`)
  // node:crypto hands out the one of globalThis.crypto.
  wrap(Object.getPrototypeOf(globalThis.crypto), "getRandomValues", "crypto.getRandomValues")
  load("node:module").syncBuiltinESMExports()
}

/**
 * Begins to refuse what modules have imported by name, until `endBuiltins`. They are wrapped when the first
 * run of a thread begins, for good: to tell every module of it again would cost each run 0.1 ms and more.
 */
export const beginBuiltins = (by: Refuse): void => {
  if (!isWrapped) {
    isWrapped = true
    wrapDateFormats()
    wrapModules()
  }
  refuse = by
}

export const endBuiltins = (): void => {
  refuse = undefined
}
