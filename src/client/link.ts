/**
 * A client's way to whoever leads a group: finds the leader, sends to it, and waits where it was told to
 * wait.
 */
import { Effect } from "effect"
import { type Ballot, type ClientId, type GroupId, type NodeId, noBallot } from "../protocol/ids.ts"
import type { FromClient, Refusal } from "../protocol/messages.ts"
import { buggify, knob } from "../runtime/buggify.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { noReplica, type PacketCodec } from "../wire/packet.ts"
import type { Subjects } from "../wire/subjects.ts"
import { findLeader, Surroundings } from "./discover.ts"
import { roomBytes, send } from "./sending.ts"

export interface LinkOptions {
  readonly bus: BusShape
  readonly subjects: Subjects
  readonly codec: PacketCodec
  readonly client: ClientId
  readonly group: GroupId
  readonly nowMs: () => number
  /** Draws from 0 to 1. */
  readonly random: () => number
  /** Runs an effect beside the client, until the client ends. */
  readonly run: (effect: Effect.Effect<void>) => void
  /** Called, not from within a call of this link, when a leader was looked for. */
  readonly onFound: (leader: NodeId | undefined) => void
}

const lookAgainAfterMs = knob("client-look-again-ms", 100, { min: 1, max: 1000 })
/** How long others may take to answer after the first one that knows the group. */
const graceMs = 10
/** Each look in vain doubles the pause before the next, so often at most. */
const doublingsMax = 3
/** The longest pause for a leader without room. */
const overloadedMaxMs = 1000

/** Where submissions and questions go. */
export class Link {
  readonly #options: LinkOptions
  #leader: NodeId | undefined
  /** Of the newest leader that announced itself. */
  #ballot: Ballot = noBallot
  #looking = false
  /** Who answered when it looked: of the last look that is over, or of the first. */
  #seen: Surroundings | undefined
  #holdUntilMs = Number.NEGATIVE_INFINITY
  /** The leader was named by one that leads no more. */
  #isHinted = false
  /** How often it has looked in vain in a row. */
  #looks = 0
  #heardAtMs = Number.NEGATIVE_INFINITY
  /** When the first was sent of what this leader is to answer and nothing was heard after. */
  #owesSinceMs = Number.POSITIVE_INFINITY

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get leader(): NodeId | undefined {
    return this.#leader
  }

  /** Why there is nobody to send to; undefined where somebody leads, or a node holds the group. */
  get absence(): string | undefined {
    return this.#leader === undefined ? this.#seen?.absence : undefined
  }

  /** Why the group cannot read what it was sent. */
  unreadable(what: string): string {
    return (this.#seen ?? new Surroundings(this.#options.group)).unreadable(what)
  }

  /** Something was heard: an answer, or that a command was done. */
  heard(): void {
    this.#heardAtMs = this.#options.nowMs()
    this.#owesSinceMs = Number.POSITIVE_INFINITY
  }

  /** Whether the leader left what it was sent without an answer for so long, whatever was sent after that. */
  isSilent(forMs: number): boolean {
    const nowMs = this.#options.nowMs()
    return nowMs - this.#owesSinceMs >= forMs && nowMs - this.#heardAtMs >= 2 * forMs
  }

  /** Whether something can be sent now; where nobody is known to lead, it begins to look. */
  open(): boolean {
    if (this.#options.nowMs() < this.#holdUntilMs) return false
    if (buggify("client forgets who leads")) this.#turnTo(undefined)
    if (this.#leader === undefined) this.look()
    return this.#leader !== undefined
  }

  /** Entries or questions that come to so much fit a message of the bus, whatever is around them. */
  get roomBytes(): number {
    return roomBytes(this.#options.bus)
  }

  /**
   * What `isAnswered` is owed an answer from now on. Says why nothing was sent where the bus takes no message
   * of that size: to send it again is of no use.
   */
  send(body: FromClient, isAnswered: boolean): string | undefined {
    const { bus, subjects, codec, group, client, nowMs } = this.#options
    const bytes = codec.encode(noReplica, group, body)
    const refused = send(bus, subjects.node(this.#leader!), bytes, subjects.client(client))
    const owes = isAnswered && refused === undefined
    if (owes && this.#owesSinceMs === Number.POSITIVE_INFINITY) this.#owesSinceMs = nowMs()
    return refused
  }

  /**
   * Acts on a refusal: goes where it points, or waits. Whom nothing is sent to any more has no say.
   * A leader without room for the same thing is left alone for twice as long each time (`before`).
   */
  refused(from: NodeId, refusal: Refusal, before = 0): void {
    if (from !== this.#leader) return
    if (refusal._tag === "Overloaded") {
      const { retryAfterMs } = refusal
      this.wait(Math.max(retryAfterMs, Math.min(retryAfterMs * 2 ** before, overloadedMaxMs)))
    } else if (refusal._tag === "NotLeader") {
      // Nodes that were left behind may point at each other for ever: it follows one hint, then looks again.
      const { leader } = refusal
      if (leader === undefined || leader === from || this.#isHinted) return this.lost()
      this.#turnTo(leader as NodeId)
      this.#isHinted = true
    }
  }

  /** Somebody leads from now on. False where that is old news. */
  announced(leader: NodeId, ballot: Ballot): boolean {
    if (ballot <= this.#ballot) return false
    this.#ballot = ballot
    this.#turnTo(leader)
    this.#isHinted = false
    this.#holdUntilMs = Number.NEGATIVE_INFINITY
    this.#looks = 0
    return true
  }

  /** Whoever led does not answer: looks for the leader again, after a pause. */
  lost(): void {
    this.#turnTo(undefined)
    this.#isHinted = false
    this.#pause()
  }

  /** The leader has done what it was asked. */
  served(): void {
    this.#looks = 0
    this.#isHinted = false
  }

  look(): void {
    if (this.#looking) return
    this.#looking = true
    const { bus, subjects, group, run, onFound } = this.#options
    const seen = new Surroundings(group)
    this.#seen ??= seen
    run(
      Effect.map(findLeader(bus, subjects, group, this.#graceMs(), seen), (leader) => {
        this.#looking = false
        this.#seen = seen
        this.#leader ??= leader
        if (this.#leader === undefined) this.#pause()
        onFound(leader)
      })
    )
  }

  /** Another one owes nothing yet. */
  #turnTo(leader: NodeId | undefined): void {
    this.#leader = leader
    this.#owesSinceMs = Number.POSITIVE_INFINITY
  }

  /** All clients lose a leader at one moment, and are not to ask for the next one at the same moments. */
  #pause(): void {
    const doubled = lookAgainAfterMs.value * 2 ** Math.min(this.#looks++, doublingsMax)
    this.wait(doubled * (0.5 + this.#options.random() / 2))
  }

  /** How long it waits for better answers than the first: longer, where the first ones were of no use. */
  #graceMs(): number {
    return graceMs * 4 ** Math.min(this.#looks, doublingsMax)
  }

  /** Sends nothing for so long. */
  wait(forMs: number): void {
    this.#holdUntilMs = Math.max(this.#holdUntilMs, this.#options.nowMs() + forMs)
  }
}
