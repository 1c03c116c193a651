/**
 * Reads, writes, deletes and compare-and-sets over a few keys, recorded as a history that must be
 * linearizable.
 */
import { Effect } from "effect"
import type { CommandFailure, QuestionFailure } from "../../client/errors.ts"
import { type KvAnswer, type KvCommand, type KvQuestion, type KvReply, kvMachine } from "../../machines/kv.ts"
import { sometimes, sometimesEach, unreachable } from "../assert.ts"
import { groupName } from "../cluster.ts"
import type { Span } from "../kernel/timed-fault.ts"
import type { World } from "../world.ts"
import { expectCluster, type LedgerClient, ledgerClient, type WorkloadMaker } from "./client.ts"
import type { Invocation } from "./history.ts"
import { drawShape, type Shape } from "./shape.ts"
import type { Workload } from "./workload.ts"

type KvClient = LedgerClient<KvCommand, KvReply, KvQuestion, KvAnswer>
const casWon = sometimes("registers: a compare-and-set succeeded")
const casLost = sometimes("registers: a compare-and-set found another value")
const openWrite = sometimes("registers: a write ended with its outcome open")
const refusedWrite = sometimes("registers: a write certainly did not happen")
const readable = unreachable("registers: a readable command or question was rejected")
const shapesSeen = sometimesEach("registers: kinds of operations")

/** What a lane knows of a key: the value that it saw last, and its revision. */
type Seen = Map<string, { readonly id: string | null; readonly revision: number }>

class Lane {
  readonly #world: World
  readonly #shape: Shape
  readonly #client: KvClient
  /** The client. */
  readonly #of: string
  readonly #name: string
  readonly #seen: Seen = new Map()
  #process: number
  #writes = 0

  constructor(world: World, shape: Shape, client: KvClient, of: string, name: string) {
    this.#world = world
    this.#shape = shape
    this.#client = client
    this.#of = of
    this.#name = name
    this.#process = world.history.newProcess()
  }

  readonly run: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { random } = this.#world
    while (this.#world.phase !== "over") {
      for (let count = 0; count < this.#shape.burst; count++) {
        if (!this.#world.mayOperate(this.#of)) return
        yield* this.#operate()
      }
      yield* Effect.sleep(random.range(1, 2 * this.#thinkMs()))
    }
  })

  #thinkMs(): number {
    const { spurts, thinkMs } = this.#shape
    if (spurts === undefined) return thinkMs
    const intoMs = (this.#world.kernel.time.nowMicros / 1000) % spurts.everyMs
    return intoMs < spurts.lastMs ? spurts.thinkMs : thinkMs
  }

  #operate(): Effect.Effect<void> {
    const { random } = this.#world
    const key = random.pick(this.#shape.keys)
    switch (random.weighted(this.#shape.weights)) {
      case "put":
        return this.#put(key)
      case "get":
        return this.#get(key)
      case "cas":
        return this.#compareAndSet(key)
      case "delete":
        return this.#delete(key)
    }
  }

  /** A value that is written only once in the run: what is in front of the colon goes into the history. */
  #value(): { readonly id: string; readonly value: string } {
    const id = `${this.#name}.${++this.#writes}`
    return { id, value: `${id}:${"x".repeat(this.#shape.paddingBytes)}` }
  }

  #put(key: string): Effect.Effect<void> {
    const { id, value } = this.#value()
    const invocation = this.#invoke("put", key, id)
    return this.#submit(invocation, { _tag: "Put", key, value }, true, (reply, slot) => {
      this.#seen.set(key, { id, revision: reply.revision })
      this.#world.history.ok(invocation, id, slot)
    })
  }

  #delete(key: string): Effect.Effect<void> {
    const invocation = this.#invoke("delete", key, null)
    return this.#submit(invocation, { _tag: "Delete", key }, false, (_reply, slot) => {
      this.#seen.set(key, { id: null, revision: 0 })
      this.#world.history.ok(invocation, null, slot)
    })
  }

  #compareAndSet(key: string): Effect.Effect<void> {
    const from = this.#seen.get(key)
    if (from === undefined) return this.#get(key)
    const { id, value } = this.#value()
    const invocation = this.#invoke("cas", key, [from.id, id])
    const command = { _tag: "CompareAndSet", key, revision: from.revision, value } as const
    return this.#submit(invocation, command, true, (reply, slot) => {
      casWon.check(reply.changed)
      casLost.check(!reply.changed)
      if (reply.changed) {
        this.#seen.set(key, { id, revision: reply.revision })
        this.#world.history.ok(invocation, [from.id, id], slot)
      } else {
        this.#seen.delete(key)
        this.#world.history.refused(invocation, slot)
      }
    })
  }

  #get(key: string): Effect.Effect<void> {
    const invocation = this.#invoke("get", key, null)
    const { timeoutMs } = this.#shape
    return this.#client.inTime(timeoutMs, this.#client.ask({ _tag: "Get", key }, timeoutMs), {
      onSuccess: ({ answer, slot }) => {
        const entry = answer.entries[0]
        const id = entry === undefined ? null : String(entry.value).split(":")[0]!
        this.#seen.set(key, { id, revision: entry?.revision ?? 0 })
        this.#world.history.ok(invocation, id, slot)
      },
      onFailure: (failure) => this.#failed(invocation, failure)
    })
  }

  /** Every group has these keys: the history tells them apart. */
  #invoke(f: string, key: string, value: string | null | ReadonlyArray<string | null>): Invocation {
    const { group } = this.#client
    const place = group === groupName ? key : `${group}/${key}`
    return this.#world.history.invoke(this.#process, f, place, value)
  }

  #submit(
    invocation: Invocation,
    command: KvCommand,
    unique: boolean,
    done: (reply: KvReply, slot: number) => void
  ): Effect.Effect<void> {
    const { timeoutMs } = this.#shape
    return this.#client.inTime(timeoutMs, this.#client.submit(command, { timeoutMs, unique }), {
      onSuccess: ({ reply, slot }) => done(reply, slot),
      onFailure: (failure) => this.#failed(invocation, failure)
    })
  }

  #failed(invocation: Invocation, failure: CommandFailure | QuestionFailure): void {
    const { history } = this.#world
    if (failure._tag === "Rejected") readable.reach(failure.message)
    openWrite.check(failure._tag === "Indeterminate")
    refusedWrite.check(failure._tag === "Unavailable" && invocation.f !== "get")
    if (failure._tag !== "Indeterminate") return history.failed(invocation, failure.message)
    history.open(invocation, failure.message)
    this.#process = history.newProcess()
  }
}

/** Several clients at the same few keys, which ask so often in a second, all of them together. */
export const registersAt =
  (...perSecond: ReadonlyArray<Span>): WorkloadMaker =>
  (world): Workload => {
    const shape = drawShape(world.random, perSecond)
    shapesSeen.note(shape.weights.map(([kind, weight]) => (weight > 0 ? kind : "")).join("+"))
    return registersOf(world, "registers", shape)
  }

const calmly: ReadonlyArray<Span> = [
  { min: 2, max: 10 },
  { min: 10, max: 30 }
]

/** Several clients at the same few keys, in no hurry. */
export const registers: WorkloadMaker = registersAt(...calmly)

/** The same in runs of a few seconds, in which much has to happen. */
export const busyRegisters: WorkloadMaker = registersAt({ min: 10, max: 100 }, { min: 100, max: 1000 })

/** Clients that ask for something every few seconds at most, so that their sessions run out in between. */
export const rareRegisters: WorkloadMaker = (world): Workload => {
  const { random } = world
  const timeoutMs = random.pick([10_000, 60_000])
  return registersOf(world, "rare-registers", {
    ...drawShape(random, calmly),
    clients: 2,
    lanes: 1,
    paddingBytes: 0,
    timeoutMs,
    burst: random.range(1, 3),
    thinkMs: random.range(1_000, 20_000),
    spurts: undefined
  })
}

/** Patient clients whose values are so large that a leader may not keep many. */
export const largeRegisters: WorkloadMaker = (world): Workload => {
  const { random } = world
  return registersOf(world, "large-registers", {
    ...drawShape(random, calmly),
    paddingBytes: random.range(5_000, 20_000),
    timeoutMs: 120_000
  })
}

/** Clients at the same registers, of this shape. */
export const registersOf = (world: World, name: string, shape: Shape): Workload => {
  expectCluster(world, name)
  return {
    name,
    clientCount: shape.clients,
    run: (process, life) => atRegisters(world, shape, process, `${process}/${life}`)
  }
}

/** What one life of a client does at the registers of a group; `name` is its own, in the whole run. */
export const atRegisters = Effect.fnUntraced(function* (
  world: World,
  shape: Shape,
  process: string,
  name: string,
  group: string = groupName
) {
  const client = yield* ledgerClient(world, kvMachine, group)
  const lanes = Array.from(
    { length: shape.lanes },
    (_, index) => new Lane(world, shape, client, process, `${name}/${index}`)
  )
  yield* Effect.forEach(lanes, (lane) => lane.run, { concurrency: "unbounded", discard: true })
})
