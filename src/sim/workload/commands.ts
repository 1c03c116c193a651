/** Clients that submit a number of commands and go on until every one of them is acknowledged. */
import { Effect } from "effect"
import { kvMachine } from "../../machines/kv.ts"
import { watermark } from "../assert.ts"
import type { Span } from "../kernel/timed-fault.ts"
import { expectCluster, ledgerClient, type WorkloadMaker } from "./client.ts"
import type { Workload } from "./workload.ts"

const mostAcknowledged = watermark("commands: acknowledged in one run")

export interface CommandsOptions {
  readonly clients: number
  /** Commands of all clients together. */
  readonly count: Span
  /** Keys that they write to. Default: each to one of its own. */
  readonly keys?: number
  /** The longest that a client thinks before its next command, in milliseconds. Default: up to 40. */
  readonly thinkMostMs?: Span
}

const timeoutMs = 120_000
const isAcknowledged = { onSuccess: () => true, onFailure: () => false }

/** Numbers of commands: those to be done, and those under way with who has them. */
class Tasks {
  readonly total: number
  acknowledged = 0
  readonly #open: Array<number>
  readonly #takenBy = new Map<number, string>()

  constructor(total: number) {
    this.total = total
    this.#open = Array.from({ length: total }, (_, index) => index)
  }

  take(client: string): number | undefined {
    const number = this.#open.shift()
    if (number !== undefined) this.#takenBy.set(number, client)
    return number
  }

  done(number: number): void {
    this.#takenBy.delete(number)
    mostAcknowledged.note(++this.acknowledged)
  }

  /** A client begins anew: what its last life had taken is to be done again. */
  giveBack(client: string): void {
    for (const [number, by] of this.#takenBy) {
      if (by !== client) continue
      this.#takenBy.delete(number)
      this.#open.push(number)
    }
  }
}

/**
 * N commands, each a write to a key of its own, or to one of a few. At the end every one is acknowledged,
 * and, which the laws check, chosen at the slot that its client was told and applied once. A command whose
 * outcome stayed open is submitted anew as another one: the first may have taken effect as well.
 */
export const commands =
  (options: CommandsOptions): WorkloadMaker =>
  (world): Workload => {
    expectCluster(world, "commands")
    const { random } = world
    const { keys, thinkMostMs = { min: 0, max: 40 } } = options
    const { bounds } = world
    const clients = Math.min(options.clients, bounds.clients)
    const count = random.range(options.count.min, options.count.max)
    const tasks = new Tasks(Math.min(count, clients * bounds.operations))
    const depth = random.range(1, 8)
    const thinkMs = random.range(thinkMostMs.min, thinkMostMs.max)
    return {
      name: "commands",
      clientCount: options.clients,
      run: Effect.fnUntraced(function* (name, life) {
        tasks.giveBack(name)
        const client = yield* ledgerClient(world, kvMachine)
        const lane = Effect.fnUntraced(function* (index: number) {
          for (let attempt = 0; tasks.acknowledged < tasks.total; attempt++) {
            const number = tasks.take(name)
            // Only counts: what another life had taken has to be done all the same.
            if (number !== undefined) world.mayOperate(name)
            if (number === undefined) yield* Effect.sleep(50)
            for (let isDone = number === undefined; !isDone; ) {
              const value = `${name}/${life}/${index}/${++attempt}`
              const key = `command${keys === undefined ? number : number! % keys}`
              const command = { _tag: "Put", key, value } as const
              const submitted = client.submit(command, { timeoutMs, unique: true })
              isDone = yield* client.inTime(timeoutMs, submitted, isAcknowledged)
              if (!isDone) yield* Effect.sleep(20)
              else tasks.done(number!)
            }
            yield* Effect.sleep(random.range(0, thinkMs))
          }
        })
        const lanes = Array.from({ length: depth }, (_, index) => lane(index))
        yield* Effect.all(lanes, { concurrency: "unbounded", discard: true })
      }),
      isDone: () => tasks.acknowledged >= tasks.total,
      check: () =>
        tasks.acknowledged >= tasks.total
          ? undefined
          : `only ${tasks.acknowledged} of ${tasks.total} commands were acknowledged`
    }
  }
