/**
 * Clients that write keys of their own and read them from whatever replica is near: what they see is what was
 * there at the slot that the answer names, and never less than they asked for.
 */
import { Effect } from "effect"
import type { KvAnswer, KvCommand, KvQuestion, KvReply } from "../../machines/kv.ts"
import { kvMachine } from "../../machines/kv.ts"
import { alwaysOrUnreachable, sometimes } from "../assert.ts"
import type { World } from "../world.ts"
import { type LedgerClient, ledgerClient, type WorkloadMaker } from "./client.ts"
import type { Workload } from "./workload.ts"

const farEnough = alwaysOrUnreachable("local-reads: an answer is from the slot asked for, or later")
const asItWas = alwaysOrUnreachable("local-reads: an answer is what was there at its slot")
const old = sometimes("local-reads: a stale answer was older than the last write")
const waited = sometimes("local-reads: a replica was asked for a slot that had just been written")
const inVain = sometimes("local-reads: no replica came as far as asked for")

type KvClient = LedgerClient<KvCommand, KvReply, KvQuestion, KvAnswer>

/** One key, written by nobody else, one operation at a time. */
class Lane {
  readonly #world: World
  readonly #client: KvClient
  /** The client. */
  readonly #of: string
  readonly #key: string
  /** Writes that were acknowledged, oldest first. */
  readonly #written: Array<{ readonly slot: number; readonly value: string }> = []
  /** From here on writes may have been made that nobody knows of. */
  #isOpen = false
  #writes = 0

  constructor(world: World, client: KvClient, of: string, key: string) {
    this.#world = world
    this.#client = client
    this.#of = of
    this.#key = key
  }

  readonly run: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { random } = this.#world
    while (this.#world.phase !== "over" && !this.#isOpen && this.#world.mayOperate(this.#of)) {
      // After the faults it lets those catch up who are behind.
      yield* random.chance(this.#world.phase === "chaos" ? 0.4 : 0.05) ? this.#put : this.#read
      yield* Effect.sleep(random.range(20, 300))
    }
  })

  readonly #put: Effect.Effect<void> = Effect.suspend(() => {
    const value = String(++this.#writes)
    const command = { _tag: "Put", key: this.#key, value } as const
    const timeoutMs = 10_000
    return this.#client.inTime(timeoutMs, this.#client.submit(command, { timeoutMs, unique: true }), {
      onSuccess: ({ slot }) => void this.#written.push({ slot, value }),
      onFailure: (failure) => {
        this.#isOpen = failure._tag === "Indeterminate"
      }
    })
  })

  readonly #read: Effect.Effect<void> = Effect.suspend(() => {
    const last = this.#written.at(-1)
    const atLeast = this.#world.random.chance(0.5) ? last?.slot : undefined
    const consistency = atLeast === undefined ? "stale" : ({ atLeast } as const)
    const timeoutMs = 2_000
    const asked = this.#client.askAt({ _tag: "Get", key: this.#key }, { timeoutMs, consistency })
    return this.#client.inTime(timeoutMs, asked, {
      onSuccess: ({ answer, slot }) => {
        const expected = this.#written.findLast((write) => write.slot <= slot)?.value
        const seen = answer.entries[0]?.value
        farEnough.check(slot >= (atLeast ?? 0), () => `slot ${slot}, asked for ${atLeast}`)
        asItWas.check(seen === expected, () => `${this.#key} is ${seen} at slot ${slot}, and was ${expected}`)
        old.check(last !== undefined && slot < last.slot)
        waited.check(atLeast !== undefined)
      },
      onFailure: () => inVain.check(atLeast !== undefined)
    })
  })
}

/** Several clients, each with a few keys of its own. */
export const localReads: WorkloadMaker = (world): Workload => ({
  name: "local-reads",
  clientCount: world.random.range(1, 3),
  run: (name, life) =>
    Effect.gen(function* () {
      const client = yield* ledgerClient(world, kvMachine)
      const lanes = Array.from(
        { length: 2 },
        (_, index) => new Lane(world, client, name, `${name}/${life}/${index}`)
      )
      yield* Effect.forEach(lanes, (lane) => lane.run, { concurrency: "unbounded", discard: true })
    })
})
