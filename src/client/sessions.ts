/** The sessions of a client: the one that takes its commands, those before it, and the way to the next. */
import { type ClientId, noSlot, type SessionId } from "../protocol/ids.ts"
import { openEntry, reopenEntries } from "../protocol/log/entry.ts"
import { Epoch } from "./epoch.ts"

export interface SessionsOptions {
  readonly client: ClientId
  /**
   * Begins to listen for the results of a session; `listening` is to be called when it does, `notListening`
   * if it cannot.
   */
  readonly listen: (session: SessionId) => void
  /** Nothing more is wanted of a session: whoever listens for its results may stop. */
  readonly forget: (session: SessionId) => void
  /** How many commands a session takes, before another one is opened. */
  readonly sessionNumbers?: number
}

export class Sessions {
  readonly #options: SessionsOptions
  #current: Epoch | undefined
  /** Sessions that expired with commands in flight. */
  readonly #old = new Map<SessionId, Epoch>()
  #opening: SessionId | undefined
  /** The newest session that it has had. Later ones have higher numbers. */
  #newest: number = noSlot
  /** A session without numbers left, to be closed as the next one is opened. */
  #usedUp: SessionId | undefined
  #askedToOpenAtMs = Number.NEGATIVE_INFINITY

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** The one that takes commands. */
  get current(): Epoch | undefined {
    return this.#current
  }

  get old(): Iterable<Epoch> {
    return this.#old.values()
  }

  /** Whether a command of any of them has no outcome. */
  get waits(): boolean {
    return (this.#current?.size ?? 0) > 0 || this.#old.size > 0
  }

  all(): ReadonlyArray<Epoch> {
    return this.#current === undefined ? [...this.#old.values()] : [this.#current, ...this.#old.values()]
  }

  named(session: SessionId): Epoch | undefined {
    return this.#current?.session === session ? this.#current : this.#old.get(session)
  }

  /** What is to be sent so that there is a session, if it is time to send it (again). */
  entriesToOpen(nowMs: number, againAfterMs: number): Uint8Array | undefined {
    if (this.#current?.isUsedUp) this.#giveBack(this.#current)
    if (this.#current !== undefined || this.#opening !== undefined) return undefined
    if (nowMs - this.#askedToOpenAtMs < againAfterMs) return undefined
    this.#askedToOpenAtMs = nowMs
    const { client } = this.#options
    return this.#usedUp === undefined ? openEntry(client) : reopenEntries(this.#usedUp, client)
  }

  /** What was sent to open one is lost, or was not taken. */
  askAgain(): void {
    this.#askedToOpenAtMs = Number.NEGATIVE_INFINITY
  }

  opened(session: SessionId): void {
    if (this.#current !== undefined || this.#opening !== undefined || session <= this.#newest) return
    this.#opening = session
    this.#options.listen(session)
  }

  listening(session: SessionId): void {
    this.#current = new Epoch(session, this.#options.sessionNumbers)
    this.#newest = session
    this.#usedUp = undefined
  }

  notListening(): void {
    this.#opening = undefined
  }

  expired(epoch: Epoch): void {
    if (this.#current !== epoch) return
    this.#old.set(epoch.session, epoch)
    this.#leave()
  }

  /** A session that is over is of no use once each of its commands has an outcome. */
  forgetSettled(epoch: Epoch): void {
    if (epoch.size === 0 && this.#old.delete(epoch.session)) this.#options.forget(epoch.session)
  }

  /** All of its commands have their outcomes: copies that come late find it closed, and are not run. */
  #giveBack(epoch: Epoch): void {
    this.#usedUp = epoch.session
    this.#options.forget(epoch.session)
    this.#leave()
  }

  #leave(): void {
    this.#current = undefined
    this.#opening = undefined
    this.#askedToOpenAtMs = Number.NEGATIVE_INFINITY
  }
}
