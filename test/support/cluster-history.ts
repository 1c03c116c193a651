/** Clients that read, write, compare-and-set and delete at random, and the history of what they saw. */
import { Effect, Option } from "effect"
import { checkHistory } from "../../src/sim/history/command.ts"
import type { TestClient } from "./cluster-client.ts"

/**
 * A small seeded generator: the same seed gives the same decisions (not the same run, with real processes).
 */
export const seeded = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Event = { readonly type: "invoke" | "ok" | "fail" | "info"; readonly [field: string]: unknown }

/** A history in JSON Lines, as `check-history` reads it. */
class HistoryRecorder {
  readonly lines: Array<string> = []
  readonly counts = { ok: 0, fail: 0, info: 0, invoke: 0 }
  readonly #keep: (line: string) => void

  constructor(keep?: (line: string) => void) {
    this.#keep = keep ?? ((line) => this.lines.push(line))
  }

  record(event: Event): void {
    this.counts[event.type]++
    // The clock is one for all processes of a machine, so that their histories can be made one.
    this.#keep(JSON.stringify({ ...event, time: Number(process.hrtime.bigint() / 1000n) }))
  }

  /** Whether the history is linearizable; where not, the text says why and holds the contradiction. */
  verdict(timeoutMs = 60_000): { readonly verdict: string; readonly text: string } {
    const { json } = checkHistory(this.lines, { model: "kv", timeoutMs, now: () => performance.now() })
    return { verdict: json.verdict, text: JSON.stringify(json, undefined, 1).slice(0, 8000) }
  }
}

interface Seen {
  readonly revision: number
  readonly value: string | null
}

const absent: Seen = { revision: 0, value: null }

/** Some keys are never deleted: a register is checked in less time than a store. */
const isRegister = (key: string): boolean => key.startsWith("register")

interface Operation {
  readonly f: string
  readonly key: string
  readonly value?: unknown
  readonly run: Effect.Effect<{ readonly type: "ok" | "fail"; readonly value?: unknown }, Error>
}

/** One client with one operation at a time. */
class Worker {
  readonly #client: TestClient
  readonly #history: HistoryRecorder
  readonly #draw: (below: number) => number
  readonly #name: string
  readonly #timeoutMs: number
  readonly #seen = new Map<string, Seen>()
  #life = 0
  #writes = 0

  constructor(
    client: TestClient,
    history: HistoryRecorder,
    draw: (below: number) => number,
    name: string,
    timeoutMs: number
  ) {
    this.#client = client
    this.#history = history
    this.#draw = draw
    this.#name = name
    this.#timeoutMs = timeoutMs
  }

  get(key: string): Operation {
    const run = Effect.map(this.#client.kv.get(key, { timeoutMs: this.#timeoutMs }), (found) => {
      const entry = Option.getOrUndefined(found)
      const seen = entry === undefined ? absent : { revision: entry.revision, value: String(entry.value) }
      this.#seen.set(key, seen)
      return { type: "ok" as const, value: seen.value }
    })
    return { f: "get", key, run }
  }

  #put(key: string): Operation {
    const value = this.#newValue()
    const run = Effect.map(
      this.#client.kv.put(key, value, { timeoutMs: this.#timeoutMs }),
      ({ revision }) => {
        this.#seen.set(key, { revision, value })
        return { type: "ok" as const }
      }
    )
    return { f: "put", key, value, run }
  }

  /** Values are never written twice, so a revision stands for the value that it wrote. */
  #compareAndSet(key: string): Operation {
    const from = this.#seen.get(key) ?? absent
    const value = this.#newValue()
    const options = { timeoutMs: this.#timeoutMs }
    const run = Effect.map(this.#client.kv.compareAndSet(key, from.revision, value, options), (reply) => {
      if (!reply.changed) return { type: "fail" as const }
      this.#seen.set(key, { revision: reply.revision, value })
      return { type: "ok" as const }
    })
    return { f: "cas", key, value: [from.value, value], run }
  }

  #delete(key: string): Operation {
    const run = Effect.as(this.#client.kv.delete(key, { timeoutMs: this.#timeoutMs }), {
      type: "ok" as const
    })
    return { f: "delete", key, run }
  }

  #newValue(): string {
    return `${this.#name}-${++this.#writes}`
  }

  draw(keys: ReadonlyArray<string>): Operation {
    const key = keys[this.#draw(keys.length)]!
    const kind = this.#draw(100)
    if (kind < 35) return this.get(key)
    if (kind < 65) return this.#put(key)
    return kind < 95 || isRegister(key) ? this.#compareAndSet(key) : this.#delete(key)
  }

  perform({ f, key, value, run }: Operation): Effect.Effect<void> {
    return Effect.suspend(() => {
      const process = `${this.#name}.${this.#life}`
      const what = { process, f, key, ...(value === undefined ? {} : { value }) }
      this.#history.record({ ...what, type: "invoke" })
      return Effect.match(run, {
        onSuccess: (done) => this.#history.record({ ...what, ...done }),
        onFailure: (error) => {
          const isOpen = "_tag" in error && error._tag === "Indeterminate" && f !== "get"
          this.#history.record({ ...what, type: isOpen ? "info" : "fail", error: error.message })
          // Whoever does not know what became of an operation goes on as somebody else.
          if (isOpen) this.#life++
        }
      })
    })
  }
}

export interface WorkloadOptions {
  readonly clients: ReadonlyArray<TestClient>
  /** Those of this moment: a key that is used for long is hard to check. */
  readonly keys: ReadonlyArray<string> | (() => ReadonlyArray<string>)
  readonly seed: number
  /** Workers begin no operation once this is true. */
  readonly isOver: () => boolean
  /** After this long an operation is given up. */
  readonly operationTimeoutMs?: number
  /** Pause between two operations of one worker, in milliseconds, at most. */
  readonly pauseMaxMs?: number
  /** What a client is called in the history; default: by its number. */
  readonly name?: (index: number) => string
  /** Takes each line of the history, which is not kept in memory then. */
  readonly keep?: (line: string) => void
}

/** Two workers for each client until it is over; then everybody reads every key once. */
export const workload = Effect.fnUntraced(function* (options: WorkloadOptions) {
  const { clients, isOver, operationTimeoutMs = 1500, pauseMaxMs = 20, name = String } = options
  const keys = typeof options.keys === "function" ? options.keys : () => options.keys as ReadonlyArray<string>
  const history = new HistoryRecorder(options.keep)
  const workers = clients.flatMap((client, index) =>
    ["a", "b"].map((part, at) => {
      const draw = seeded(options.seed + index * 2 + at)
      return { draw, worker: new Worker(client, history, draw, `c${name(index)}${part}`, operationTimeoutMs) }
    })
  )
  const run = Effect.forEach(
    workers,
    Effect.fnUntraced(function* ({ draw, worker }) {
      while (!isOver()) {
        yield* worker.perform(worker.draw(keys()))
        yield* Effect.sleep(draw(pauseMaxMs + 1))
      }
    }),
    { concurrency: "unbounded", discard: true }
  )
  const readAll = Effect.forEach(workers, ({ worker }) =>
    Effect.forEach(keys(), (key) => worker.perform(worker.get(key)))
  )
  return { history, run, readAll }
})
