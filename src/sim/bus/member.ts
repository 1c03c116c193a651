/**
 * A member of the simulated bus: the connection of one life of a node, its subscriptions and what is on the
 * way to it.
 */

import type { Handlers } from "../../runtime/bus/port.ts"
import { StatusBoard } from "../../runtime/bus/status.ts"
import type { Incarnation } from "../kernel/node.ts"
import type { Link } from "./link.ts"
import type { Place } from "./topology.ts"

/** The place of a node on the network; it outlives the node's processes and their connections. */
export interface Endpoint {
  readonly index: number
  readonly name: string
  readonly place: Place
  /** How many faults keep it from the bus now. */
  cuts: number
}

export interface Subscription {
  readonly member: Member
  readonly subject: string
  readonly handlers: Handlers
  /** False once its scope closed: what is still on the way is not handed over. */
  open: boolean
}

/** A message on its way to one subscription. */
export interface Flight {
  readonly sender: Member
  /** The sender's connection may break while the message is on its way: then it is lost. */
  readonly senderEpoch: number
  readonly subscription: Subscription
  readonly subject: string
  readonly payload: Uint8Array
  readonly replyTo: string | undefined
  /** The word of the bus that nobody listens, rather than a message; `subject` is then the reply subject. */
  readonly noResponders: boolean
  readonly sentMicros: number
  arriveMicros: number
}

/** What a client library holds back until it is connected again. */
export interface HeldBack {
  readonly subject: string
  readonly payload: Uint8Array
  readonly replyTo: string | undefined
}

/**
 * One connection. What the server knows (`attached`) and what the client knows (`status`) may differ for a
 * while.
 */
export class Member {
  readonly endpoint: Endpoint
  readonly life: Incarnation
  readonly status: StatusBoard
  readonly subscriptions = new Set<Subscription>()
  /** Links to this member, by the number of the sender's endpoint. */
  links: Array<Link<Flight> | undefined> = []
  /** Whether the server takes from it and delivers to it. */
  attached = false
  /** Grows each time the connection breaks. */
  epoch = 0
  pendingCount = 0
  pendingBytes = 0
  heldBack: Array<HeldBack> = []
  /** Whoever waits for the first connection. */
  onFirstAttached: (() => void) | undefined

  constructor(endpoint: Endpoint, life: Incarnation, onThrow: (error: unknown) => void) {
    this.endpoint = endpoint
    this.life = life
    this.status = new StatusBoard("Disconnected", onThrow)
  }

  get gone(): boolean {
    return this.status.current() === "Closed" || !this.life.alive
  }

  /** The server forgets it, and what is on the way to it is lost. */
  sever(): void {
    this.attached = false
    this.epoch++
    for (const link of this.links) link?.close()
    this.links = []
    this.pendingCount = 0
    this.pendingBytes = 0
  }
}
