/** The commands of one session that wait for their results. */
import { RequestNumber, type SessionId } from "../protocol/ids.ts"
import { NumberTable } from "../protocol/learner/number-table.ts"
import { commandOverheadBytes, writeCommand } from "../protocol/log/entry.ts"
import { knob } from "../runtime/buggify.ts"
import type { CommandFailure } from "./errors.ts"

/** What a command came to: its reply as a plain value and the slot that it took, or why there is none. */
export type CommandDone = (reply: unknown, slot: number, failure: CommandFailure | undefined) => void

export interface Command {
  readonly bytes: Uint8Array
  readonly done: CommandDone
  /** Monotonic time at which the caller stops waiting. */
  readonly deadlineMs: number
}

/** A command in flight. */
export interface Sent {
  readonly command: Command
  sentAtMs: number
  submission: number
  /** How often it was given to the bus. */
  sendings: number
  waits: boolean
  /** How often in a row a leader had no room for it. */
  refusals: number
  /** The caller has been told that the outcome is open; it is only sent on to keep the session whole. */
  given: boolean
}

/** Commands a session may have from the oldest without a result on; half of what a replica admits. */
const outstandingMax = knob("client-outstanding", 8192, { min: 1, max: 64 })
/** Far less than a leader lets wait: one client alone must not bring it to refuse. */
export const outstandingMaxBytes = 8 * 1024 * 1024

/**
 * Commands that a session has numbers for. An entry has room for twice as many; past that the numbers would
 * begin anew, and a command would pass for one that was received long ago.
 */
const sessionNumbers = knob("client-session-numbers", 2 ** 31, { min: 2, max: 64 })

/** One session and its commands in flight, by number. Numbers are in the order of first sending. */
export class Epoch {
  readonly session: SessionId
  readonly #numbers: number
  readonly #pending = new NumberTable<Sent>()
  #toSend: Array<number> = []
  #next = 1
  #oldest = 1
  /** Of all commands in flight. */
  #bytes = 0

  constructor(session: SessionId, numbers: number = sessionNumbers.value) {
    this.session = session
    this.#numbers = numbers
  }

  get size(): number {
    return this.#pending.size
  }

  /** It has given its last number, and every command has its outcome. */
  get isUsedUp(): boolean {
    return this.#next > this.#numbers && this.size === 0
  }

  /**
   * Counted from the oldest without a result: the replicas keep the replies to all that were sent after it,
   * and refuse what goes beyond their limit.
   */
  get #room(): number {
    const given = this.#next - 1
    return Math.min(outstandingMax.value - (given - this.#received()), this.#numbers - given)
  }

  /** Takes as many of the first as there is room for, one at least where none is in flight: how many. */
  addFirst(commands: ReadonlyArray<Command>): number {
    const most = Math.min(commands.length, this.#room)
    let taken = 0
    while (taken < most && this.#bytes < outstandingMaxBytes) this.#add(commands[taken++]!)
    return taken
  }

  #add(command: Command): void {
    const number = this.#next++
    this.#bytes += command.bytes.length
    this.#pending.set(number, {
      command,
      sentAtMs: 0,
      submission: 0,
      sendings: 0,
      waits: true,
      refusals: 0,
      given: false
    })
    this.#toSend.push(number)
  }

  /** Takes a command out when its result has come; undefined for one that is settled already. */
  settle(number: number): Sent | undefined {
    const sent = this.#pending.get(number)
    if (sent === undefined) return undefined
    this.#pending.delete(number)
    this.#bytes -= sent.command.bytes.length
    return sent
  }

  /** Has everything sent again that `matches`. */
  sendAgain(matches: (sent: Sent, number: number) => boolean): void {
    this.#again(matches, (sent) => {
      sent.refusals = 0
    })
  }

  /** Has a submission sent again that a leader had no room for; how often that was so before. */
  refused(submission: number): number {
    let before = 0
    this.#again(
      (sent) => sent.submission === submission,
      (sent) => {
        before = Math.max(before, sent.refusals++)
      }
    )
    return before
  }

  #again(matches: (sent: Sent, number: number) => boolean, note: (sent: Sent) => void): void {
    for (const [number, sent] of this.#pending.entries()) {
      if (sent.waits || !matches(sent, number)) continue
      note(sent)
      sent.waits = true
      this.#toSend.push(number)
    }
  }

  /** Commands whose callers no longer wait; each once. */
  expired(nowMs: number): ReadonlyArray<Command> {
    const expired: Array<Command> = []
    for (const [, sent] of this.#pending.entries()) {
      if (sent.given || sent.command.deadlineMs > nowMs) continue
      sent.given = true
      expired.push(sent.command)
    }
    return expired
  }

  /** Settles everything that `matches`. */
  takeOut(matches: (sent: Sent) => boolean): ReadonlyArray<Sent> {
    const taken = this.#pending.entries().filter(([, sent]) => matches(sent))
    for (const [number] of taken) this.settle(number)
    return taken.map(([, sent]) => sent)
  }

  /** Numbers that are to be sent, in parts that make a submission of about `maxBytes` each. */
  takeParts(maxBytes: number): ReadonlyArray<ReadonlyArray<number>> {
    if (this.#toSend.length === 0) return []
    const parts: Array<Array<number>> = []
    let part: Array<number> = []
    let size = 0
    for (const number of this.#toSend) {
      const sent = this.#pending.get(number)
      if (sent === undefined) continue
      const bytes = commandOverheadBytes + sent.command.bytes.length
      if (part.length > 0 && size + bytes > maxBytes) {
        parts.push(part)
        part = []
        size = 0
      }
      part.push(number)
      size += bytes
    }
    this.#toSend = []
    if (part.length > 0) parts.push(part)
    return parts
  }

  /** The entries of these numbers as one submission; they count as sent now. */
  write(numbers: ReadonlyArray<number>, submission: number, nowMs: number): Uint8Array {
    let size = 0
    for (const number of numbers)
      size += commandOverheadBytes + this.#pending.get(number)!.command.bytes.length
    const bytes = new Uint8Array(size)
    const received = this.#received()
    let offset = 0
    for (const number of numbers) {
      const sent = this.#pending.get(number)!
      sent.sentAtMs = nowMs
      sent.submission = submission
      sent.sendings++
      sent.waits = false
      offset = writeCommand(bytes, offset, this.session, RequestNumber(number), received, sent.command.bytes)
    }
    return bytes
  }

  /** All numbers up to this one have their results. */
  #received(): number {
    while (this.#oldest < this.#next && !this.#pending.has(this.#oldest)) this.#oldest += 1
    return this.#oldest - 1
  }
}
