/** A master takes its seat when it starts: asks the others what they know, and does as the core decides. */
import { Effect } from "effect"
import { GroupId, NodeId, type Replica } from "../../protocol/ids.ts"
import { isAbove, type Kept, keptNothing } from "../../protocol/master/cas-paxos.ts"
import { isSeated, majorityOf, mergeSeats, type Seats } from "../../protocol/master/seats.ts"
import {
  decideSeat,
  type FileValue,
  type PromisedIn,
  type SeatProblem,
  type SeatTold,
  type ToldBy
} from "../../protocol/master/taking-seat.ts"
import { knob } from "../../runtime/buggify.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import type { Packet } from "../../wire/packet.ts"
import type { SeatGiven } from "../../wire/register-codec.ts"
import type { NodeContext } from "../node/context.ts"
import type { KeeperRole } from "./keeper.ts"
import type { KeeperStore } from "./keeper-store.ts"
import {
  MasterRolledBack,
  MasterStateLost,
  MasterStateUnproven,
  MastersChanged,
  type SeatFailure
} from "./register-errors.ts"

export interface SeatOptions {
  readonly context: NodeContext
  readonly masters: ReadonlyArray<NodeId>
  readonly store: KeeperStore
  readonly keeper: KeeperRole
  readonly files: ReadonlyArray<FileValue>
  readonly promised: () => ReadonlyArray<PromisedIn>
}

const lookEveryMs = 20
const askEveryMs = knob("seat-ask-ms", 200, { min: 20, max: 1000 })
/** How long a master that had a seat waits for all others before it goes on with a majority. */
const patienceMs = knob("seat-patience-ms", 1000, { min: 20, max: 3000 })
/** How long it waits for the next page: masters may be far away, and keep many registers. */
const pageTimeoutMs = 2000
const noGroup = GroupId("")

const failureOf = (problem: SeatProblem, { self }: NodeContext, masters: ReadonlyArray<NodeId>) => {
  switch (problem._tag) {
    case "RolledBack":
      return new MasterRolledBack({ node: self.node, ...problem })
    case "MastersDiffer":
      return new MastersChanged({ configured: masters, found: problem.masters })
    case "ValueLost":
      return new MasterStateLost(problem)
    case "ValueUnproven":
      return new MasterStateUnproven(problem)
  }
}

const newer = (a: Kept, b: Kept): Kept => ({
  ...(isAbove(b.accepted, a.accepted) ? b : a),
  promised: isAbove(b.promised, a.promised) ? b.promised : a.promised
})

/** What the keepers gave so far to a master that takes a seat. */
class Gathered {
  readonly registers = new Map<GroupId, Kept>()
  readonly #next = new Map<NodeId, GroupId>()
  readonly complete = new Set<NodeId>()
  /** How many were taken. */
  pages = 0
  seats: Seats

  constructor(seats: Seats, from: ReadonlyArray<Replica>) {
    this.seats = seats
    for (const { node } of from) this.#next.set(node, noGroup)
  }

  /** Whom to ask for a page, and behind which group. */
  get wanted(): ReadonlyArray<readonly [NodeId, GroupId]> {
    return [...this.#next].filter(([node]) => !this.complete.has(node))
  }

  /**
   * Whether the page is the one that was asked for, and leads on: no keeper that is right gives an empty one.
   */
  take(node: NodeId, { seats, after, registers, isLast }: SeatGiven): boolean {
    if (this.#next.get(node) !== after || this.complete.has(node)) return false
    if (registers.length === 0 && !isLast) return false
    this.pages += 1
    this.seats = mergeSeats(this.seats, seats)
    for (const { group, kept } of registers) this.add(group, kept)
    if (isLast) this.complete.add(node)
    else this.#next.set(node, registers.at(-1)!.group)
    return true
  }

  add(group: GroupId, kept: Kept): void {
    this.registers.set(group, newer(this.registers.get(group) ?? keptNothing, kept))
  }
}

/** The first seats, and the first values of the registers: the same on every master. */
const form = (store: KeeperStore, seats: Seats, values: ReadonlyArray<FileValue>): void => {
  const first = { number: 1, proposer: "" }
  for (const { group, value } of values) store.keep(group, { promised: first, accepted: first, value })
  store.seat(seats)
}

/** Whom a master waits for that has no seat yet, or what it does to get one. */
export interface SeatTaking {
  /** Returns with the seat taken and the keeper open. */
  readonly run: Effect.Effect<void, SeatFailure | WalFailure>
  readonly take: (packet: Packet) => void
  /** For whom it waits; none once it has its seat. */
  readonly silent: () => ReadonlyArray<NodeId>
}

/** What is heard while this master takes its seat, and what others are told. */
class Hearing {
  readonly told = new Map<NodeId, ToldBy>()
  /** For whom this master waits: masters, and acceptors that are none. */
  silent: ReadonlyArray<NodeId> = []
  gathered: Gathered | undefined
  readonly #options: SeatOptions

  constructor(options: SeatOptions) {
    this.#options = options
  }

  askFor(node: NodeId, after: GroupId): void {
    const seats = this.gathered?.seats ?? []
    this.#options.context.toNode(node, noGroup, { _tag: "SeatClaim", seats, after })
  }

  readonly take = ({ from, body }: Packet): void => {
    const { context, masters, store, keeper, files, promised } = this.#options
    // An acceptor that is no master has nothing to say but what it promised.
    const isVoter = body._tag === "SeatTold" && this.silent.includes(from.node)
    if (!masters.includes(from.node) && !isVoter) return
    switch (body._tag) {
      case "SeatAsk": {
        const { seats } = store
        const told: SeatTold = { seats, floor: store.floorOf(from), files, promised: promised() }
        context.toNode(from.node, noGroup, { _tag: "SeatTold", told })
        return
      }
      case "SeatTold":
        this.told.set(from.node, { from, told: body.told })
        return
      case "SeatClaim":
        return keeper.give(body.seats, body.after, (given) => context.toNode(from.node, noGroup, given))
      case "SeatGiven": {
        const { gathered } = this
        if (gathered?.take(from.node, body) !== true) return
        for (const [node, after] of gathered.wanted) if (node === from.node) this.askFor(node, after)
      }
    }
  }
}

/** Prepares to take the seat of this node. */
export const seatTaking = (options: SeatOptions): SeatTaking => {
  const { context, masters, store, keeper, files, promised } = options
  const { self, monotonicMs: nowMs } = context
  const hearing = new Hearing(options)
  const { told, take } = hearing

  const join = Effect.fnUntraced(function* (seats: Seats, from: ReadonlyArray<Replica>) {
    const mine = new Gathered(seats, from)
    hearing.gathered = mine
    for (const [group, kept] of store.registers) mine.add(group, kept)
    let last = { pages: 0, atMs: nowMs() }
    while (mine.complete.size < majorityOf(seats)) {
      if (mine.pages > last.pages) last = { pages: mine.pages, atMs: nowMs() }
      if (nowMs() > last.atMs + pageTimeoutMs || !isSeated(mine.seats, self)) return false
      for (const [node, after] of mine.wanted) hearing.askFor(node, after)
      yield* Effect.sleep(lookEveryMs * 5)
    }
    if (!isSeated(mine.seats, self)) return false
    for (const [group, kept] of mine.registers) store.keep(group, kept)
    store.seat(mine.seats)
    return true
  })

  const run = Effect.gen(function* () {
    told.clear()
    const startedAtMs = nowMs()
    let askedAtMs = Number.NEGATIVE_INFINITY
    while (true) {
      if (nowMs() - askedAtMs >= askEveryMs.value) {
        askedAtMs = nowMs()
        for (const node of new Set([...masters, ...hearing.silent]))
          if (node !== self.node) context.toNode(node, noGroup, { _tag: "SeatAsk" })
      }
      yield* Effect.sleep(lookEveryMs)
      const { seats, writes } = store
      const own = { self, masters, seats, writes, files, promised: promised() }
      const decision = decideSeat(own, told, nowMs() - startedAtMs < patienceMs.value)
      hearing.silent = decision._tag === "Wait" ? decision.silent : []
      if (decision._tag === "Refuse") return yield* failureOf(decision.problem, context, masters)
      if (decision._tag === "Wait") continue
      if (decision._tag === "Ready") keeper.adopt(decision.seats)
      else if (decision._tag === "Form") form(store, decision.seats, decision.values)
      else if (!(yield* join(decision.seats, decision.from))) {
        told.clear()
        continue
      }
      hearing.gathered = undefined
      yield* store.synced
      keeper.isOpen = true
      return
    }
  })
  return { run, take, silent: () => hearing.silent }
}

/** The masters that a configuration names, as nodes. */
export const asNodes = (names: ReadonlyArray<string>): ReadonlyArray<NodeId> =>
  names.map((name) => NodeId(name))
