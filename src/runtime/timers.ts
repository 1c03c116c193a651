/** Timers by key whose messages go to a mailbox; one alarm serves all timers of an actor. */
import { Clock, Context } from "effect"
import { Alarm, type AlarmShape } from "./alarm.ts"
import { LateMessage } from "./mailbox.ts"
import { readMonotonicMs } from "./monotonic.ts"

interface Entry<M> {
  readonly message: M
  readonly everyMs: number | undefined
  deadlineMs: number
  /** In the mailbox, not yet taken. */
  delivered: boolean
}

/** What a clock may round away between going to sleep and waking up. */
const toleranceMs = 0.01
/** Where the mailbox had no room, a timer tries again after this long. */
const retryMs = 1

/**
 * Timers of one actor. Setting a key replaces its timer; the message of a timer that was replaced or
 * cancelled is not delivered, even if it already waits in the mailbox. Time is the monotonic time of Effect's
 * Clock.
 *
 * Setting a timer later than the earliest one costs no alarm, so resetting one for each batch is
 * cheap; firing costs one pass over all keys.
 */
export class KeyedTimers<M> {
  readonly #entries = new Map<string, Entry<M>>()
  readonly #deliver: (message: LateMessage<M>) => boolean
  readonly #clock: Clock.Clock
  readonly #alarms: AlarmShape
  readonly #wake = () => this.#ring()
  #isClosed = false
  #alarm: { readonly atMs: number; readonly withdraw: () => void } | undefined

  /**
   * `deliver` puts a message into the mailbox and says whether it had room; `context` brings Clock, Scheduler
   * and Alarm.
   */
  constructor(deliver: (message: LateMessage<M>) => boolean, context: Context.Context<never>) {
    this.#deliver = deliver
    this.#clock = Context.get(context, Clock.Clock)
    this.#alarms = Context.get(context, Alarm)(context)
  }

  /**
   * Delivers `message` once, `delayMs` from now, in place of what was set under this key; never, where that
   * is Infinity.
   */
  set(key: string, delayMs: number, message: M): void {
    this.#put(key, delayMs, undefined, message)
  }

  /**
   * Delivers `message` every `everyMs`, first after that time. A tick is left out while the one before it
   * still waits.
   */
  setRepeating(key: string, everyMs: number, message: M): void {
    this.#put(key, everyMs, Math.max(everyMs, retryMs), message)
  }

  /** Says whether there was a timer under this key to cancel. */
  cancel(key: string): boolean {
    return this.#entries.delete(key)
  }

  cancelAll(): void {
    this.#entries.clear()
    this.#alarm?.withdraw()
    this.#alarm = undefined
  }

  /** Cancels all, for good: what is set from now on never rings. */
  close(): void {
    this.#isClosed = true
    this.cancelAll()
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  get size(): number {
    return this.#entries.size
  }

  #nowMs(): number {
    return readMonotonicMs(this.#clock)
  }

  #put(key: string, delayMs: number, everyMs: number | undefined, message: M): void {
    if (this.#isClosed) return
    // One deadline that is no number would leave all others without an alarm: no minimum is ever below NaN.
    if (Number.isNaN(delayMs)) throw new RangeError(`the time of the timer ${key} is NaN: give milliseconds`)
    const nowMs = this.#nowMs()
    const deadlineMs = nowMs + Math.max(0, delayMs)
    this.#entries.set(key, { message, everyMs, deadlineMs, delivered: false })
    if (this.#alarm === undefined || deadlineMs < this.#alarm.atMs) this.#arm(deadlineMs, nowMs)
  }

  #arm(atMs: number, nowMs: number): void {
    const previous = this.#alarm
    if (!Number.isFinite(atMs)) return
    const sleepMs = Math.max(0, Math.ceil(atMs - nowMs - toleranceMs))
    this.#alarm = { atMs, withdraw: this.#alarms.after(sleepMs, this.#wake) }
    previous?.withdraw()
  }

  #ring(): void {
    this.#alarm = undefined
    const nowMs = this.#nowMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const [key, entry] of this.#entries) {
      if (entry.delivered && entry.everyMs === undefined) continue
      if (entry.deadlineMs <= nowMs + toleranceMs) this.#fire(key, entry, nowMs)
      if (entry.everyMs !== undefined || !entry.delivered) nextMs = Math.min(nextMs, entry.deadlineMs)
    }
    this.#arm(nextMs, nowMs)
  }

  #fire(key: string, entry: Entry<M>, nowMs: number): void {
    const delivered = entry.delivered || this.#deliver(new LateMessage(() => this.#settle(key, entry)))
    entry.delivered = delivered
    if (!delivered) entry.deadlineMs = nowMs + retryMs
    else if (entry.everyMs !== undefined) {
      // Ticks that a pause swallowed are not made up for, but the rhythm is kept.
      const missed = Math.floor((nowMs - entry.deadlineMs) / entry.everyMs)
      entry.deadlineMs += (Math.max(0, missed) + 1) * entry.everyMs
    }
  }

  #settle(key: string, entry: Entry<M>): M | undefined {
    if (this.#entries.get(key) !== entry) return undefined
    entry.delivered = false
    if (entry.everyMs === undefined) this.#entries.delete(key)
    return entry.message
  }
}
