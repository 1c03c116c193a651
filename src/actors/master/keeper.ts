/** The keeper of a node: its part in every register of the masters, durable before anybody hears of it. */
import type { GroupId, Replica } from "../../protocol/ids.ts"
import { type FromKeeper, keeperStep, type ToKeeper } from "../../protocol/master/cas-paxos.ts"
import { covers, isSeated, mergeSeats, type Seats } from "../../protocol/master/seats.ts"
import { hint } from "../../runtime/buggify.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import type { KeptOf, SeatGiven } from "../../wire/register-codec.ts"
import type { KeeperStore } from "./keeper-store.ts"

/** How much of the registers one message carries. */
const pageMaxBytes = 128 * 1024

export interface KeeperOptions {
  readonly self: Replica
  readonly store: KeeperStore
  readonly onFailure: (failure: WalFailure) => void
  /** Answers wait: `settle` is to be called soon, when what else has come was taken in, too. */
  readonly wake: () => void
  /** Another disk has the seat of this node. */
  readonly onSeatLost: () => void
}

/** Takes part only while it is open: from when it has its seat. */
export class KeeperRole {
  readonly #options: KeeperOptions
  /** Answers that leave when all that they rest on is durable. */
  #gated: Array<() => void> = []
  isOpen = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** `reply` is called once the answer may leave, if there is one. */
  answer(group: GroupId, ask: ToKeeper, reply: (answer: FromKeeper, writes: number) => void): void {
    if (!this.isOpen) return
    const { self, store } = this.#options
    const step = keeperStep({ self, seats: store.seats, kept: store.keptOf(group) }, ask)
    for (const record of step.records) {
      if (record._tag === "Seated") this.adopt(record.seats)
      else store.keep(group, record.kept)
    }
    const { reply: answer } = step
    if (answer === undefined) return
    const { writes } = store
    this.#whenDurable(() => {
      hint("after a keeper wrote, before its reply")
      reply(answer, writes)
    })
  }

  /** Others have later seats: what was promised to attempts that count on the old ones is void. */
  adopt(seats: Seats): void {
    const { self, store, onSeatLost } = this.#options
    const merged = mergeSeats(store.seats, seats)
    if (covers(store.seats, merged)) return
    store.seat(merged)
    if (isSeated(merged, self)) return
    this.isOpen = false
    onSeatLost()
  }

  /** Gives a seat to who claims it, and a page of what is kept here behind the group `after`. */
  give(seats: Seats, after: GroupId, reply: (given: SeatGiven) => void): void {
    if (!this.isOpen) return
    const { store } = this.#options
    this.adopt(seats)
    const registers: Array<KeptOf> = []
    const left = [...store.registers].filter(([group]) => group > after).sort(([a], [b]) => (a < b ? -1 : 1))
    let bytes = 0
    for (const [group, kept] of left) {
      bytes += 200 + (kept.value?.text.length ?? 0)
      if (registers.length > 0 && bytes > pageMaxBytes) break
      registers.push({ group, kept })
    }
    const isLast = registers.length === left.length
    const given: SeatGiven = { _tag: "SeatGiven", seats: store.seats, after, registers, isLast }
    this.#whenDurable(() => reply(given))
  }

  #whenDurable(then: () => void): void {
    this.#gated.push(then)
    if (this.#gated.length === 1) this.#options.wake()
  }

  /** To be called once after each `wake`: one write is for all that was answered meanwhile. */
  settle(): void {
    const { store, onFailure } = this.#options
    const gated = this.#gated
    this.#gated = []
    store.syncKept((failure) => {
      if (failure !== undefined) return onFailure(failure)
      for (const then of gated) then()
    })
  }
}
