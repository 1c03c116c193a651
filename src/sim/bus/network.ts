/** The simulated bus: who is subscribed, and the way of each message with the faults that strike it. */
import { SubjectTable } from "../../runtime/bus/subjects.ts"
import type { Kernel } from "../kernel/kernel.ts"
import type { Incarnation } from "../kernel/node.ts"
import type { CountedRandom } from "../kernel/random.ts"
import { hashBytes, hashString, type TraceFields } from "../trace/trace.ts"
import { drawClog } from "./clog.ts"
import { extraCopies } from "./duplication.ts"
import { drawLatency } from "./latency.ts"
import { Link } from "./link.ts"
import { isLost } from "./loss.ts"
import { type Endpoint, type Flight, Member, type Subscription } from "./member.ts"
import { Partitions } from "./partition.ts"
import { strayDelay } from "./reordering.ts"
import { type BusFaults, type BusOptions, calm } from "./settings.ts"
import { isSlow } from "./slow-consumer.ts"
import { drawDistance, type Place } from "./topology.ts"

const nothing = new Uint8Array(0)

/**
 * The bus of a simulated world, at the level of messages, with the semantics of NATS: at most once, in order
 * on a link unless a fault says otherwise, nothing for those who are not connected.
 *
 * Set `faults` at any time; `heal()` ends all of them (what they destroyed stays destroyed).
 */
export class SimNetwork {
  readonly kernel: Kernel
  readonly random: CountedRandom
  readonly partitions = new Partitions()
  readonly maxPayloadBytes: number
  /** Messages handed to a handler so far. */
  delivered = 0
  faults: BusFaults
  /** Whether the bus itself runs. */
  up = true
  readonly members = new Set<Member>()
  readonly #options: BusOptions
  readonly #endpoints: Array<Endpoint> = []
  readonly #table = new SubjectTable<Subscription>()
  readonly #hangUp: (member: Member) => void
  #inboxes = 0

  /** `hangUp`: what becomes of a member that the server hangs up on. */
  constructor(kernel: Kernel, options: BusOptions, hangUp: (network: SimNetwork, member: Member) => void) {
    this.kernel = kernel
    this.#hangUp = (member) => hangUp(this, member)
    this.random = kernel.random
    this.#options = options
    this.faults = options.faults ?? calm
    this.maxPayloadBytes = options.maxPayloadBytes ?? 1024 * 1024
  }

  readonly endpoints = (): ReadonlyArray<Endpoint> => this.#endpoints

  /** The place of a node on the network, made at its first mention. Where it stands is settled then. */
  endpoint(name: string, place?: Partial<Place>): Endpoint {
    const known = this.#endpoints.find((endpoint) => endpoint.name === name)
    if (known !== undefined) return known
    const { machine = name, zone = "zone", region = "region" } = place ?? {}
    const made: Endpoint = { index: this.#endpoints.length, name, place: { machine, zone, region }, cuts: 0 }
    this.#endpoints.push(made)
    return made
  }

  /** A connection for one life of a node; not attached yet. */
  join(life: Incarnation): Member {
    const member = new Member(this.endpoint(life.node.name), life, (error) => this.handlerFailed(error))
    this.members.add(member)
    return member
  }

  newInbox(): string {
    return `_INBOX.${++this.#inboxes}`
  }

  handlerFailed(error: unknown): void {
    if (this.#options.onHandlerFailure !== undefined) this.#options.onHandlerFailure(error)
    else this.kernel.halt(error)
  }

  readonly noteStrike = (fault: string, node: string, fields?: TraceFields): void =>
    this.kernel.trace.strike(fault, node, fields)

  /** The server knows of a subscription from now on. */
  enter(subscription: Subscription): void {
    this.#table.add(subscription.subject, subscription)
  }

  forget(subscription: Subscription): void {
    this.#table.remove(subscription.subject, subscription)
  }

  /** Ends what is over: the subscriptions of a process that was killed go with its connection. */
  bury(member: Member): void {
    for (const subscription of member.subscriptions) this.forget(subscription)
    member.subscriptions.clear()
    member.sever()
    this.members.delete(member)
  }

  /** Clogs the way from one node to another: what is sent from now on arrives, in order, when it is over. */
  clog(from: string, to: string, forMicros: number): void {
    const { index } = this.endpoint(from)
    const clearAtMicros = this.kernel.time.nowMicros + forMicros
    for (const { endpoint, links } of this.members) {
      const link = endpoint.name === to ? links[index] : undefined
      if (link !== undefined) link.clearAtMicros = Math.max(link.clearAtMicros, clearAtMicros)
    }
    this.noteStrike("clog", to, { from, clogged: forMicros })
  }

  /** One message from a member to all who are subscribed. The payload must not change any more. */
  route(sender: Member, subject: string, payload: Uint8Array, replyTo: string | undefined): void {
    this.#options.onSent?.(sender.endpoint.name, payload)
    const receivers = this.#living(subject)
    if (receivers.length === 0) {
      if (replyTo !== undefined) this.#nobodyListens(sender, replyTo)
      return
    }
    for (const subscription of receivers) {
      this.#send(sender, subscription, subject, payload, replyTo)
    }
  }

  /**
   * The subscriptions that a message meets. Those of a killed process go here, at the first message they
   * would meet.
   */
  #living(subject: string): ReadonlyArray<Subscription> {
    const all = this.#table.match(subject)
    let killed = false
    for (const { member } of all) {
      if (member.life.alive) continue
      killed = true
      this.bury(member)
    }
    return killed ? this.#table.match(subject) : all
  }

  #nobodyListens(sender: Member, replySubject: string): void {
    // As on NATS, only the asker itself is told, on one subscription of its own.
    const own = this.#table.match(replySubject).find((subscription) => subscription.member === sender)
    if (own === undefined) return
    const arriveMicros = this.kernel.time.nowMicros + 2 * drawLatency(this.random, this.faults.latency)
    const flight = this.#flight(sender, own, replySubject, nothing, undefined, true, arriveMicros)
    this.#link(sender, sender).push(flight)
  }

  #send(
    sender: Member,
    subscription: Subscription,
    subject: string,
    payload: Uint8Array,
    replyTo: string | undefined
  ): void {
    const receiver = subscription.member
    if (this.#stopped(sender, receiver, subject)) return
    const { faults, random } = this
    const now = this.kernel.time.nowMicros
    const from = sender.endpoint
    const to = receiver.endpoint
    const link = this.#link(sender, receiver)
    const clogged = drawClog(random, faults.clog)
    if (clogged > 0) {
      link.clearAtMicros = Math.max(link.clearAtMicros, now + clogged)
      this.noteStrike("clog", to.name, { from: from.name, clogged })
    }
    const copies = extraCopies(random, faults.duplication)
    if (copies > 0) this.noteStrike("duplication", to.name, { from: from.name, subject, copies })
    for (let copy = 0; copy <= copies; copy++) {
      const travels = link.distanceMicros + drawLatency(random, faults.latency)
      const arriveMicros = Math.max(now + travels, link.clearAtMicros)
      const flight = this.#flight(sender, subscription, subject, payload, replyTo, false, arriveMicros)
      const astray = strayDelay(random, faults.reordering)
      if (astray === undefined) {
        link.push(flight)
      } else {
        this.noteStrike("reordering", to.name, { from: from.name, subject, astray })
        flight.arriveMicros = now + travels + astray
        link.stray(flight)
      }
    }
  }

  /** Whether a message goes no further than the server. */
  #stopped(sender: Member, receiver: Member, subject: string): boolean {
    const from = sender.endpoint
    const to = receiver.endpoint
    if (this.partitions.any && this.partitions.blocks(from.index, to.index)) {
      this.#drop("partition", sender, to)
    } else if (!receiver.attached) {
      this.#drop("disconnected", sender, to)
    } else if (isSlow(this.faults.slowConsumer, receiver.pendingCount, receiver.pendingBytes)) {
      this.noteStrike("slow-consumer", to.name, { from: from.name })
      if (this.faults.slowConsumer.reaction === "disconnect") this.#hangUp(receiver)
    } else if (isLost(this.random, this.faults.loss)) {
      this.noteStrike("loss", to.name, { from: from.name, subject })
    } else {
      return false
    }
    return true
  }

  #flight(
    sender: Member,
    subscription: Subscription,
    subject: string,
    payload: Uint8Array,
    replyTo: string | undefined,
    noResponders: boolean,
    arriveMicros: number
  ): Flight {
    const sentMicros = this.kernel.time.nowMicros
    const senderEpoch = sender.epoch
    subscription.member.pendingCount++
    subscription.member.pendingBytes += payload.length
    return {
      sender,
      senderEpoch,
      subscription,
      subject,
      payload,
      replyTo,
      noResponders,
      sentMicros,
      arriveMicros
    }
  }

  #link(sender: Member, receiver: Member): Link<Flight> {
    const index = sender.endpoint.index
    const known = receiver.links[index]
    if (known !== undefined) return known
    const from = sender.endpoint
    const to = receiver.endpoint
    const distanceMicros = drawDistance(this.random, this.#options.distances, from.place, to.place)
    const ends = { id: hashString(`${from.name}>${to.name}`), distanceMicros }
    const strand = receiver.life.scheduler.newStrand()
    const link = new Link<Flight>(this.kernel.time, strand, ends, (flight) => this.#arrive(link, flight))
    receiver.links[index] = link
    return link
  }

  #drop(why: string, sender: Member, to: Endpoint): void {
    this.noteStrike(`${why}-drop`, to.name, { from: sender.endpoint.name })
  }

  /**
   * Whether a message is lost on its last steps: its sender's connection broke, or the link was cut,
   * meanwhile.
   */
  #lostOnTheWay({ sender, senderEpoch, subscription, noResponders }: Flight): boolean {
    const to = subscription.member.endpoint
    if (senderEpoch !== sender.epoch && sender.life.alive) {
      this.#drop("broken", sender, to)
    } else if (
      this.partitions.any &&
      !noResponders &&
      this.partitions.blocks(sender.endpoint.index, to.index)
    ) {
      this.#drop("partition", sender, to)
    } else {
      return false
    }
    return true
  }

  #arrive(link: Link<Flight>, flight: Flight): void {
    const { subscription } = flight
    subscription.member.pendingCount--
    subscription.member.pendingBytes -= flight.payload.length
    if (this.#lostOnTheWay(flight) || !subscription.open) return
    this.delivered++
    this.#record(link, flight)
    const { handlers } = subscription
    try {
      if (flight.noResponders) handlers.onNoResponders?.(flight.subject)
      else handlers.onMessage(flight.payload, flight.subject, flight.replyTo)
    } catch (error) {
      this.handlerFailed(error)
    }
  }

  #record(link: Link<Flight>, flight: Flight): void {
    const { trace } = this.kernel
    trace.hot(link.id, hashBytes(flight.payload))
    if (trace.listen === undefined) return
    trace.listen({
      timeMicros: trace.nowMicros,
      kind: flight.noResponders ? "no-responders" : "deliver",
      node: flight.subscription.member.endpoint.name,
      from: flight.sender.endpoint.name,
      subject: flight.subject,
      sizeBytes: flight.payload.length,
      sentMicros: flight.sentMicros,
      ...this.#options.describe?.(flight.payload)
    })
  }
}
