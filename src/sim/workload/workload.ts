/**
 * What clients do in a run: each client is a process of its own, with sessions, crashes and a clock that may
 * be off.
 */
import type { Effect, Scope } from "effect"
import type { Bus } from "../../runtime/bus/port.ts"

export interface Workload {
  readonly name: string
  readonly clientCount: number
  /**
   * One life of a client; it should return soon after `world.phase` is `"over"`. A life that a fault ended is
   * followed by another one; a client that has returned is not run again.
   */
  readonly run: (name: string, life: number) => Effect.Effect<void, unknown, ClientServices>
  /** For a workload that has an end of its own: whether it has come. The run then goes on until it has. */
  readonly isDone?: () => boolean
  /**
   * What is wrong at the end; undefined where all is well. It may throw, and use assertions. Not asked after
   * `.withoutRecovery()`: there clients need not have finished.
   */
  readonly check?: () => string | undefined
}

export type ClientServices = Bus | Scope.Scope
