/**
 * Keeps the outside world out of a run: real time, real timers, real randomness and promises are caught with
 * the place.
 */

import { CountedRandom } from "../kernel/random.ts"
import { beginBuiltins, endBuiltins, unwrapped } from "./builtins.ts"
import { captureAbove, fromNode, place, type Trap } from "./stack.ts"

/** What escaped the simulation, and from where. */
export interface Leak {
  /** What was used, such as `setTimeout`, `randomUUID of node:crypto` or `Promise`. */
  readonly what: string
  /** The first frame outside the simulator, `file:line:column` with the function's name where known. */
  readonly place: string
  readonly stack: string
}

interface PromiseHooks {
  readonly onInit: (callback: () => void) => unknown
}

type Global = Record<string, unknown>

/**
 * Effect hashes objects without a structure, and names spans, by `Math.random`: harmless once it is
 * repeatable.
 */
const fromEffect = (stack: string): boolean =>
  /[\\/]effect[\\/](?:src|dist)[\\/](?:Hash|encoding[\\/]Hex|internal[\\/]random)\./.test(
    stack.split("\n").slice(1, 4).join("\n")
  )

let installed = false

/** Does something outside of a run that must be as repeatable; what it throws comes out, but for a leak. */
export const leakOf = (seed: number, make: () => void): Leak | undefined => {
  const guard = new AmbientGuard(seed)
  guard.install()
  try {
    make()
  } catch (error) {
    if (guard.leak === undefined) throw error
  } finally {
    guard.uninstall()
  }
  return guard.leak
}

/**
 * The ambient guard of one run. Between `install` and `uninstall` (the run is synchronous, so nothing else is
 * disturbed) every use of a forbidden global is kept in `leak` and throws; a promise cannot throw and is only
 * kept.
 */
export class AmbientGuard {
  leak: Leak | undefined
  readonly #standIn: CountedRandom
  readonly #restore: Array<() => void> = []

  /**
   * The stand-in for Effect's own harmless randomness is a stream apart, so that it moves no draw of the run.
   */
  constructor(seed: number) {
    this.#standIn = new CountedRandom(seed ^ 0x5eed)
  }

  #caught(what: string, stack: string): void {
    this.leak ??= { what, place: place(stack), stack }
  }

  #refuse(what: string, guard: Trap): never {
    this.#caught(what, captureAbove(guard))
    throw new Error(
      `${what} was used inside a simulation; use Effect's Clock, Random, fibers, or the ports Bus and Files`
    )
  }

  #trap(what: string): Trap {
    const trap = () => this.#refuse(what, trap)
    return trap
  }

  #swap(target: object, key: string, replacement: unknown): void {
    const holder = target as Global
    const own = Object.getOwnPropertyDescriptor(target, key)
    if (holder[key] === undefined) return
    Object.defineProperty(target, key, { value: replacement, configurable: true, writable: true })
    this.#restore.push(() => {
      if (own === undefined) delete holder[key]
      else Object.defineProperty(target, key, own)
    })
  }

  install(): void {
    if (installed)
      throw new Error("a simulation is already running in this thread: run them one after the other")
    installed = true
    this.leak = undefined
    beginBuiltins((what, guard) => this.#refuse(what, guard))
    for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch"]) {
      this.#swap(globalThis, name, this.#trap(name))
    }
    this.#swap(globalThis.performance, "now", this.#trap("performance.now"))
    this.#swap(globalThis.crypto, "randomUUID", this.#trap("crypto.randomUUID"))
    const random = () => {
      if (fromEffect(captureAbove(random))) return this.#standIn.double()
      return this.#refuse("Math.random", random)
    }
    this.#swap(Math, "random", random)
    this.#swapDate()
    this.#swapProcess()
  }

  #swapDate(): void {
    const real = Date
    const now = this.#trap("Date.now")
    const construct: NonNullable<ProxyHandler<DateConstructor>["construct"]> = (target, values, newTarget) =>
      values.length === 0
        ? this.#refuse("new Date()", construct as Trap)
        : Reflect.construct(target, values, newTarget)
    const replacement = new Proxy(real, {
      construct,
      apply: this.#trap("Date()"),
      get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver))
    })
    this.#swap(globalThis, "Date", replacement)
  }

  /** Test runners put back those of `process` which are wrapped for good, as they do the globals. */
  #swapProcess(): void {
    const process = (globalThis as { readonly process?: NodeJS.Process }).process
    if (process?.getBuiltinModule === undefined) return
    const nextTick = unwrapped(process.nextTick)
    const guarded = (...values: Parameters<typeof nextTick>) => {
      if (fromNode(captureAbove(guarded as Trap))) return nextTick.apply(process, values)
      return this.#refuse("process.nextTick", guarded as Trap)
    }
    this.#swap(process, "nextTick", guarded)
    const bigint = this.#trap("process.hrtime.bigint")
    this.#swap(process, "hrtime", Object.assign(this.#trap("process.hrtime"), { bigint }))
    const v8 = process.getBuiltinModule("node:v8")
    const hooks: PromiseHooks | undefined = v8?.promiseHooks
    const made = () => {
      if (this.leak === undefined) this.#caught("Promise", captureAbove(made))
    }
    const stop = hooks?.onInit(made)
    if (typeof stop === "function") this.#restore.push(() => stop())
  }

  uninstall(): void {
    for (const restore of this.#restore.reverse()) restore()
    this.#restore.length = 0
    endBuiltins()
    installed = false
  }
}
