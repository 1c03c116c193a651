/**
 * A client's way to whoever leads a group: finds the leader, sends to it, and waits where it was told to
 * wait.
 */
import { Effect } from "effect"
import type { ClientId, GroupId, NodeId } from "../protocol/ids.ts"
import type { FromClient, Refusal } from "../protocol/messages.ts"
import { buggify, knob } from "../runtime/buggify.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { noReplica, type PacketCodec } from "../wire/packet.ts"
import type { Subjects } from "../wire/subjects.ts"
import { findLeader } from "./discover.ts"

export interface LinkOptions {
  readonly bus: BusShape
  readonly subjects: Subjects
  readonly codec: PacketCodec
  readonly client: ClientId
  readonly group: GroupId
  readonly nowMs: () => number
  /** Runs an effect beside the client, until the client ends. */
  readonly run: (effect: Effect.Effect<void>) => void
  /** Called, not from within a call of this link, when a leader was looked for. */
  readonly onFound: (leader: NodeId | undefined) => void
}

const lookAgainAfterMs = knob("client-look-again-ms", 100, { min: 1, max: 1000 })

/** Where submissions and questions go. */
export class Link {
  readonly #options: LinkOptions
  #leader: NodeId | undefined
  #looking = false
  #holdUntilMs = Number.NEGATIVE_INFINITY
  #sentAtMs = Number.NEGATIVE_INFINITY

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get leader(): NodeId | undefined {
    return this.#leader
  }
  /** When anything was sent last. */
  get sentAtMs(): number {
    return this.#sentAtMs
  }

  /** Whether something can be sent now; where nobody is known to lead, it begins to look. */
  open(): boolean {
    if (this.#options.nowMs() < this.#holdUntilMs) return false
    if (buggify("client forgets who leads")) this.#leader = undefined
    if (this.#leader === undefined) this.look()
    return this.#leader !== undefined
  }

  send(body: FromClient): void {
    const { bus, subjects, codec, group, client, nowMs } = this.#options
    this.#sentAtMs = nowMs()
    bus.publish(subjects.node(this.#leader!), codec.encode(noReplica, group, body), subjects.client(client))
  }

  /** Acts on a refusal: goes where it points, or waits. */
  refused(refusal: Refusal): void {
    if (refusal._tag === "Overloaded") this.#hold(refusal.retryAfterMs)
    else if (refusal._tag === "NotLeader") {
      const { leader } = refusal
      if (leader !== undefined && leader !== this.#leader) this.#leader = leader as NodeId
      else this.lost()
    }
  }

  /** Whoever led does not answer: looks for the leader again, after a pause. */
  lost(): void {
    this.#hold(lookAgainAfterMs.value)
    this.#leader = undefined
  }

  look(): void {
    if (this.#looking) return
    this.#looking = true
    const { bus, subjects, group, run, onFound } = this.#options
    run(
      Effect.map(findLeader(bus, subjects, group), (leader) => {
        this.#looking = false
        this.#leader ??= leader
        if (this.#leader === undefined) this.#hold(lookAgainAfterMs.value)
        onFound(leader)
      })
    )
  }

  #hold(forMs: number): void {
    this.#holdUntilMs = Math.max(this.#holdUntilMs, this.#options.nowMs() + forMs)
  }
}
