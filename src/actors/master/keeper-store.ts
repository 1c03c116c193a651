/** What a node remembers as a keeper of the master's register: on its disk, in the log of the node. */
import type { GroupId, Replica } from "../../protocol/ids.ts"
import { type Kept, keptNothing } from "../../protocol/master/cas-paxos.ts"
import type { Seats } from "../../protocol/master/seats.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import { untilSynced } from "../../runtime/storage/until-synced.ts"
import type { Wal } from "../../runtime/storage/wal.ts"
import { keeperFact, keeperRecord } from "./keeper-records.ts"

const nodeGroup = 0

const nameOf = ({ node, storage }: Replica): string => `${node}/${storage}`

/**
 * Recovered record by record before `attach`, written to after it. What was written counts at once in memory;
 * whoever tells of it waits for `sync`.
 */
export class KeeperStore {
  #wal: Wal | undefined
  #seats: Seats = []
  #writes = 0
  /** Records but floors that this life has written, and those of them that are durable. */
  #keptCount = 0
  #durableCount = 0
  readonly #registers = new Map<GroupId, Kept>()
  readonly #floors = new Map<string, { readonly of: Replica; readonly writes: number }>()

  /** Takes a record of the node that the log held. */
  recover(type: number, body: Uint8Array): void {
    const fact = keeperFact(type, body)
    if (fact === undefined) return
    switch (fact._tag) {
      case "Kept":
        this.#registers.set(fact.group, fact.kept)
        break
      case "Seated":
        this.#seats = fact.seats
        break
      case "Floor":
        this.#floors.set(nameOf(fact.of), fact)
        return
    }
    this.#writes = Math.max(this.#writes, fact.writes)
  }

  attach(wal: Wal): void {
    this.#wal = wal
  }

  get seats(): Seats {
    return this.#seats
  }

  /** How often it has written, ever. */
  get writes(): number {
    return this.#writes
  }

  get registers(): ReadonlyMap<GroupId, Kept> {
    return this.#registers
  }

  keptOf(group: GroupId): Kept {
    return this.#registers.get(group) ?? keptNothing
  }

  keep(group: GroupId, kept: Kept): void {
    this.#registers.set(group, kept)
    this.#writes += 1
    this.#append({ _tag: "Kept", writes: this.#writes, group, kept })
  }

  seat(seats: Seats): void {
    this.#seats = seats
    this.#writes += 1
    this.#append({ _tag: "Seated", writes: this.#writes, seats })
  }

  /** The most that a replica was heard to have written. */
  floorOf(replica: Replica): number {
    return this.#floors.get(nameOf(replica))?.writes ?? 0
  }

  get floors(): ReadonlyArray<{ readonly of: Replica; readonly writes: number }> {
    return [...this.#floors.values()]
  }

  /** Becomes durable with whatever is written next. */
  raiseFloor(of: Replica, writes: number): void {
    if (writes <= this.floorOf(of)) return
    this.#floors.set(nameOf(of), { of, writes })
    this.#append({ _tag: "Floor", of, writes })
  }

  /** Calls back when all that was written so far is durable. */
  sync(done: (failure: WalFailure | undefined) => void): void {
    this.#wal!.sync(done)
  }

  /** The same without the floors: an answer that rests on nothing new waits for no write. */
  syncKept(done: (failure: WalFailure | undefined) => void): void {
    const kept = this.#keptCount
    if (this.#durableCount === kept) return done(undefined)
    this.sync((failure) => {
      if (failure === undefined) this.#durableCount = Math.max(this.#durableCount, kept)
      done(failure)
    })
  }

  /** Returns when all that was written before it is durable. */
  readonly synced = untilSynced((done) => this.sync(done))

  /** Writes everything again, at the end of the log, so that its beginning can be removed. */
  checkpoint(): void {
    for (const [group, kept] of this.#registers)
      this.#append({ _tag: "Kept", writes: this.#writes, group, kept })
    if (this.#seats.length > 0) this.#append({ _tag: "Seated", writes: this.#writes, seats: this.#seats })
    for (const { of, writes } of this.#floors.values()) this.#append({ _tag: "Floor", of, writes })
  }

  #append(fact: Parameters<typeof keeperRecord>[0]): void {
    if (fact._tag !== "Floor") this.#keptCount += 1
    const { type, bytes } = keeperRecord(fact)
    this.#wal!.append(type, nodeGroup, [bytes])
  }
}
