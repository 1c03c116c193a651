/**
 * Keeps the outside world out of a run: real time, real timers, real randomness and promises are caught with
 * the place.
 */
import { CountedRandom } from "./random.ts"

/** What escaped the simulation, and from where. */
export interface Leak {
  /** The global that was used, such as `setTimeout` or `Promise`. */
  readonly what: string
  /** The first frame outside the simulator, `file:line:column` with the function's name where known. */
  readonly place: string
  readonly stack: string
}

interface PromiseHooks {
  readonly onInit: (callback: () => void) => unknown
}

type Global = Record<string, unknown>

const place = (stack: string): string => {
  const frames = stack.split("\n").slice(1)
  const outside = frames.find((frame) => !/[\\/]sim[\\/]guards\.[jt]s|<anonymous>\)?$/.test(frame))
  return (outside ?? frames[0] ?? "unknown").trim().replace(/^at /, "")
}

/**
 * Effect hashes objects without a structure, and names spans, by `Math.random`: harmless once it is
 * repeatable.
 */
const fromEffect = (stack: string): boolean =>
  /[\\/]effect[\\/](?:src|dist)[\\/](?:Hash|encoding[\\/]Hex|internal[\\/]random)\./.test(
    stack.split("\n").slice(1, 6).join("\n")
  )

/** Node itself (the streams under `console.log`) queues work of its own, which runs after the simulation. */
const fromNode = (stack: string): boolean => {
  const caller = stack
    .split("\n")
    .slice(1)
    .find((frame) => !/[\\/]sim[\\/]guards\.[jt]s/.test(frame))
  return caller !== undefined && /\(?node:/.test(caller)
}

const capture = (): string => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const stack = new Error("used inside a simulation").stack ?? ""
  Error.stackTraceLimit = limit
  return stack
}

let installed = false

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

  #refuse(what: string): never {
    this.#caught(what, capture())
    throw new Error(`${what} was used inside a simulation; use Effect's Clock, Random or fibers instead`)
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
    for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch"]) {
      this.#swap(globalThis, name, () => this.#refuse(name))
    }
    this.#swap(globalThis.performance, "now", () => this.#refuse("performance.now"))
    this.#swap(globalThis.crypto, "getRandomValues", () => this.#refuse("crypto.getRandomValues"))
    this.#swap(globalThis.crypto, "randomUUID", () => this.#refuse("crypto.randomUUID"))
    this.#swap(Math, "random", () => {
      const stack = capture()
      if (fromEffect(stack)) return this.#standIn.double()
      return this.#refuse("Math.random")
    })
    this.#swapDate()
    this.#swapProcess()
  }

  #swapDate(): void {
    const real = Date
    const now = () => this.#refuse("Date.now")
    const replacement = new Proxy(real, {
      construct: (target, values, newTarget) =>
        values.length === 0 ? this.#refuse("new Date()") : Reflect.construct(target, values, newTarget),
      apply: () => this.#refuse("Date()"),
      get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver))
    })
    this.#swap(globalThis, "Date", replacement)
  }

  #swapProcess(): void {
    const process = (globalThis as { readonly process?: NodeJS.Process }).process
    if (process?.getBuiltinModule === undefined) return
    const nextTick = process.nextTick
    this.#swap(process, "nextTick", (...values: Parameters<typeof nextTick>) => {
      if (fromNode(capture())) return nextTick.apply(process, values)
      return this.#refuse("process.nextTick")
    })
    const hrtime = Object.assign(() => this.#refuse("process.hrtime"), {
      bigint: () => this.#refuse("process.hrtime.bigint")
    })
    this.#swap(process, "hrtime", hrtime)
    const v8 = process.getBuiltinModule("node:v8")
    const hooks: PromiseHooks | undefined = v8?.promiseHooks
    const stop = hooks?.onInit(() => {
      if (this.leak === undefined) this.#caught("Promise", capture())
    })
    if (typeof stop === "function") this.#restore.push(() => stop())
  }

  uninstall(): void {
    for (const restore of this.#restore.reverse()) restore()
    this.#restore.length = 0
    installed = false
  }
}
