/** What the masters' register holds: decided is what a majority of disks has accepted under one ticket. */
import { keeperFact } from "../../actors/master/keeper-records.ts"
import { masterOfText } from "../../actors/master/state.ts"
import type { Kept } from "../../protocol/master/cas-paxos.ts"
import type { MasterState } from "../../protocol/master/master.ts"
import { LawBroken } from "../laws/laws.ts"

/** Watches one group's register over the disks of all masters. */
export class RegisterWatch {
  readonly #group: string
  readonly #majority: number
  readonly #onKept: (replica: string, kept: Kept) => void
  readonly #onDecided: (state: MasterState, version: number) => void
  /** By ticket: on whose disks it was. */
  readonly #accepted = new Map<string, Set<string>>()
  /** By version: the text that was decided. */
  readonly #texts = new Map<number, string>()
  /** Replicas whose own disks say that they have a seat. */
  readonly seated = new Set<string>()
  #version = 0

  constructor(
    group: string,
    masters: number,
    onKept: (replica: string, kept: Kept) => void,
    onDecided: (state: MasterState, version: number) => void
  ) {
    this.#group = group
    this.#majority = Math.floor(masters / 2) + 1
    this.#onKept = onKept
    this.#onDecided = onDecided
  }

  /** A record of the node itself has become durable on the disk of a replica. */
  durable(replica: string, type: number, body: Uint8Array): void {
    const fact = keeperFact(type, body)
    if (fact?._tag === "Kept" && fact.group === this.#group) this.#keep(replica, fact.kept)
    if (fact?._tag !== "Seated") return
    const isSeated = fact.seats.some(({ replica: { node, storage } }) => `${node}/${storage}` === replica)
    if (isSeated) this.seated.add(replica)
    else this.seated.delete(replica)
  }

  #keep(replica: string, kept: Kept): void {
    this.#onKept(replica, kept)
    const { accepted, value } = kept
    // The only master decides in its file, which is watched as such; this is its note of it.
    if (value === undefined || accepted.number === 0) return
    const ticket = `${accepted.number} ${accepted.proposer} ${value.version}`
    const on = this.#accepted.get(ticket) ?? new Set()
    this.#accepted.set(ticket, on.add(replica))
    if (on.size < this.#majority) return
    const decided = this.#texts.get(value.version)
    if (decided !== undefined && decided !== value.text)
      throw new LawBroken("one register", "2", `version ${value.version} was decided twice, not alike`)
    this.#texts.set(value.version, value.text)
    if (value.version <= this.#version) return
    this.#version = value.version
    const state = masterOfText(value.text)
    if (state === undefined) throw new LawBroken("the master's state is readable", "2", "it is not")
    this.#onDecided(state, value.version)
  }
}
