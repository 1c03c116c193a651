/**
 * Guards what cannot be swapped for each run: what modules import by name from Node, and what formats the
 * present time.
 */

import {
  laterWithCallback,
  modulesWithCallbacks,
  refusedClasses,
  refusedExports,
  refusedMethods,
  refusedOfProcess
} from "./exports.ts"
import { captureAbove, fromNode, type Trap } from "./stack.ts"

/** Ends a run with the place where `what` was used: that which called `trap`. */
type Refuse = (what: string, trap: Trap) => never

type Holder = Record<string, unknown>

type Load = (module: string) => object | undefined

/** What the run under way in this thread does with a leak. */
let refuse: Refuse | undefined
let isWrapped = false

/** What stands behind the wrappers. */
const reals = new WeakMap<object, object>()

/** What a wrapper stands for; anything else is what it is. */
export const unwrapped = <F extends object>(what: F): F => (reals.get(what) as F | undefined) ?? what

/** Whether a run may do it all the same. */
type Allow = (trap: Trap, values: ReadonlyArray<unknown>) => boolean

const never: Allow = () => false

/** Replaces a method for good by one that does the same outside of runs, under the same name. */
const wrap = (holder: object | undefined, key: string, what: string, allow = never): void => {
  const real = (holder as Holder | undefined)?.[key]
  if (typeof real !== "function") return
  const wrapped = function (this: unknown, ...values: Array<unknown>): unknown {
    if (refuse !== undefined && !allow(wrapped, values)) return refuse(what, wrapped)
    return Reflect.apply(real as Trap, this, values)
  }
  // With them comes what util.promisify takes in its place.
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(real))
  reals.set(wrapped, real)
  const own = Object.getOwnPropertyDescriptor(holder, key)
  Object.defineProperty(holder, key, { ...own, value: wrapped })
}

/** The same for a class; a global of that name becomes the same one. */
const wrapClass = (holder: object | undefined, key: string): void => {
  const real = (holder as Holder | undefined)?.[key]
  if (typeof real !== "function") return
  const construct: NonNullable<ProxyHandler<typeof real>["construct"]> = (target, values, newTarget) =>
    refuse === undefined
      ? Reflect.construct(target, values, newTarget)
      : refuse(`new ${key}`, construct as Trap)
  const wrapped = new Proxy(real, { construct })
  for (const at of [holder as Holder, globalThis as unknown as Holder]) {
    const own = Object.getOwnPropertyDescriptor(at, key)
    if (own !== undefined && at[key] === real) Object.defineProperty(at, key, { ...own, value: wrapped })
  }
}

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

const wrapExports = (load: Load): void => {
  for (const [module, names] of Object.entries(refusedExports)) {
    for (const name of names) wrap(load(module), name, `${name} of ${module}`)
  }
  for (const module of modulesWithCallbacks) {
    const holder = load(module) ?? {}
    for (const name of Object.keys(holder)) {
      if (`${name}Sync` in holder) wrap(holder, name, `${name} of ${module}`)
    }
  }
  const { realpath } = load("node:fs") as { readonly realpath?: object }
  wrap(realpath, "native", "realpath.native of node:fs")
  const atOnce: Allow = (_trap, values) => typeof values.at(-1) !== "function"
  for (const [module, names] of Object.entries(laterWithCallback)) {
    for (const name of names) wrap(load(module), name, `${name} of ${module} with a callback`, atOnce)
  }
  const primeIsGiven: Allow = (_trap, values) => typeof values[0] !== "number"
  wrap(load("node:crypto"), "createDiffieHellman", "createDiffieHellman of node:crypto", primeIsGiven)
}

const wrapMethods = (load: Load): void => {
  for (const [module, of, method] of refusedMethods) {
    const { prototype } =
      (load(module) as Record<string, { readonly prototype: object } | undefined>)[of] ?? {}
    wrap(prototype, method, `${of}.${method} of ${module}`)
  }
  for (const [module, names] of Object.entries(refusedClasses)) {
    for (const name of names) wrapClass(load(module), name)
  }
}

/** Node's own streams call nextTick with each write, of `console.log` for one. */
const isOwnOfNode: Allow = (trap) => fromNode(captureAbove(trap))

const wrapProcess = (process: object | undefined): void => {
  for (const path of refusedOfProcess) {
    const [name, property] = path.split(".") as [string, string?]
    const holder = property === undefined ? process : ((process as Holder)[name] as object | undefined)
    wrap(holder, property ?? name, `process.${path}`)
  }
  wrap(process, "nextTick", "process.nextTick", isOwnOfNode)
}

/** Those of the language and of the web that few programs replace; the others are swapped for each run. */
const wrapGlobals = (): void => {
  wrap(AbortSignal, "timeout", "AbortSignal.timeout")
  wrap(Atomics, "wait", "Atomics.wait")
  wrap(Atomics, "waitAsync", "Atomics.waitAsync")
  // node:crypto hands out the one of globalThis.crypto.
  wrap(Object.getPrototypeOf(globalThis.crypto), "getRandomValues", "crypto.getRandomValues")
}

const wrapModules = (): void => {
  const { process } = globalThis as { readonly process?: NodeJS.Process }
  const load = process?.getBuiltinModule
  if (process === undefined || load === undefined) return
  const loadModule: Load = (module) => load.call(process, module)
  wrapExports(loadModule)
  wrapMethods(loadModule)
  const exported = loadModule("node:process")
  wrapProcess(exported)
  // Some test runners give each test file a process of its own.
  if (process !== exported) wrapProcess(process)
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
    wrapGlobals()
    wrapModules()
  }
  refuse = by
}

export const endBuiltins = (): void => {
  refuse = undefined
}
