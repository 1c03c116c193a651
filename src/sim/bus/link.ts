/**
 * The way of messages from one sender to one receiver: in order, one event at a time, however many are on the
 * way.
 */
import { TimedEvent, type VirtualTime } from "../kernel/clock.ts"
import type { Strand } from "../kernel/scheduler.ts"

/** What travels on a link. */
export interface Travelling {
  arriveMicros: number
}

/**
 * One heap event a link, not one a message: the next arrival. When the receiver was frozen, all that came due
 * meanwhile is handed over in one go, as from a socket's buffer.
 */
export class Link<Flight extends Travelling> {
  /** Hash of both ends, for the trace. */
  readonly id: number
  /** What topology adds to each journey, in microseconds. */
  readonly distanceMicros: number
  /** Until when the link is clogged. */
  clearAtMicros = 0
  readonly #time: VirtualTime
  readonly #strand: Strand
  readonly #arrive: (flight: Flight) => void
  readonly #event: TimedEvent
  #queue: Array<Flight> = []
  #head = 0
  #lastMicros = 0
  #closed = false

  constructor(
    time: VirtualTime,
    strand: Strand,
    ends: { readonly id: number; readonly distanceMicros: number },
    arrive: (flight: Flight) => void
  ) {
    this.#time = time
    this.#strand = strand
    this.id = ends.id
    this.distanceMicros = ends.distanceMicros
    this.#arrive = arrive
    this.#event = new TimedEvent(strand, () => this.#handOver())
  }

  /** A message that keeps the order of the link: it arrives no earlier than those before it. */
  push(flight: Flight): void {
    if (flight.arriveMicros < this.#lastMicros) flight.arriveMicros = this.#lastMicros
    this.#lastMicros = flight.arriveMicros
    if (this.#head === this.#queue.length) this.#time.schedule(this.#event, flight.arriveMicros)
    this.#queue.push(flight)
  }

  /** A message that travels on its own. */
  stray(flight: Flight): void {
    const event = new TimedEvent(this.#strand, () => {
      if (!this.#closed) this.#arrive(flight)
    })
    this.#time.schedule(event, flight.arriveMicros)
  }

  /** The connection broke: what is on the way never arrives. */
  close(): void {
    this.#closed = true
    this.#queue = []
    this.#head = 0
    this.#time.cancel(this.#event)
  }

  #handOver(): void {
    const now = this.#time.nowMicros
    while (this.#head < this.#queue.length) {
      const flight = this.#queue[this.#head]!
      if (flight.arriveMicros > now) {
        this.#time.schedule(this.#event, flight.arriveMicros)
        return
      }
      this.#head++
      if (this.#head === this.#queue.length) {
        // Emptied before the hand-over: the handler may send on this very link, which then sets its event
        // anew.
        this.#queue.length = 0
        this.#head = 0
        this.#arrive(flight)
        return
      }
      if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head)
        this.#head = 0
      }
      this.#arrive(flight)
    }
  }
}
