/** Everything that can be set about a simulated bus, and the calm in which nothing goes wrong. */
import type { Span } from "../kernel/timed-fault.ts"
import type { TraceFields } from "../trace/trace.ts"
import { type Clog, noClog } from "./clog.ts"
import { type Duplication, noDuplication } from "./duplication.ts"
import type { Latency } from "./latency.ts"
import { type Loss, noLoss } from "./loss.ts"
import { noReordering, type Reordering } from "./reordering.ts"
import { patientBus, type SlowConsumer } from "./slow-consumer.ts"
import type { Distances } from "./topology.ts"

/** How members come back after a disconnect. */
export interface Reconnecting {
  /** Wait before a member that can reach the bus again is connected, in microseconds. */
  readonly waitMicros: Span
  /**
   * Whether what a member published after its connection broke, but before it noticed, is sent after the
   * reconnect (late, as a client library's buffer does) or vanishes.
   */
  readonly lateFlush: boolean
}

/** Faults that strike single messages, and the behaviour of the bus. May be replaced while a run goes on. */
export interface BusFaults {
  readonly latency: Latency
  readonly loss: Loss
  readonly duplication: Duplication
  readonly reordering: Reordering
  readonly clog: Clog
  readonly slowConsumer: SlowConsumer
  readonly reconnecting: Reconnecting
}

/** Nothing goes wrong: fixed latency, in order, complete; and nothing is drawn. */
export const calm: BusFaults = {
  latency: { kind: "fixed", micros: 100 },
  loss: noLoss,
  duplication: noDuplication,
  reordering: noReordering,
  clog: noClog,
  slowConsumer: patientBus,
  reconnecting: { waitMicros: { min: 100_000, max: 100_000 }, lateFlush: false }
}

export interface BusOptions {
  readonly faults?: BusFaults
  readonly distances?: Distances
  /** Largest payload taken, in bytes. Default 1 MiB, as NATS. */
  readonly maxPayloadBytes?: number
  /**
   * Called when a message handler throws, which none may. By default the run is halted; a handler's fault is
   * then a finding like any other.
   */
  readonly onHandlerFailure?: (error: unknown) => void
  /** Sees each message that the bus takes from a member, before any fault strikes it. */
  readonly onSent?: (from: string, payload: Uint8Array) => void
  /** Facts about a payload for the full trace; asked only when somebody listens to it. */
  readonly describe?: (payload: Uint8Array) => TraceFields
}
