/** The status of one bus, and those who want to hear of its changes. */
import { Effect, type Scope } from "effect"
import type { BusStatus } from "./port.ts"

interface Listener {
  readonly callback: (status: BusStatus) => void
}

export class StatusBoard {
  readonly #listeners = new Set<Listener>()
  readonly #onThrow: (cause: unknown) => void
  #status: BusStatus

  constructor(status: BusStatus, onThrow: (cause: unknown) => void) {
    this.#status = status
    this.#onThrow = onThrow
  }

  current(): BusStatus {
    return this.#status
  }

  /** Tells every listener of a change, in the caller's stack. A closed bus stays closed. */
  set(status: BusStatus): void {
    if (status === this.#status || this.#status === "Closed") return
    this.#status = status
    for (const listener of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue
      try {
        listener.callback(status)
      } catch (cause) {
        this.#onThrow(cause)
      }
    }
  }

  onStatus(callback: (status: BusStatus) => void): Effect.Effect<void, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => {
        const listener = { callback }
        this.#listeners.add(listener)
        return listener
      }),
      (listener) => Effect.sync(() => this.#listeners.delete(listener))
    ).pipe(Effect.asVoid)
  }
}
