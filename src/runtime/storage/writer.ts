/**
 * Group commit: one write is under way; what is staged meanwhile goes into the next frame, and one durable
 * write serves all that wait for it. Plain callbacks: this runs once for every batch of every actor.
 */
import type { WalFailure } from "./errors.ts"
import type { DiskFailed } from "./port.ts"
import { FrameBuffer, frameHeaderBytes, frameSeed, recordHeaderBytes } from "./records.ts"
import type { Recovered } from "./recover.ts"
import type { Position, Segments } from "./segments.ts"

interface Staged {
  readonly type: number
  readonly group: number
  readonly parts: ReadonlyArray<Uint8Array>
  readonly bodyBytes: number
}

export type SyncDone = (failure: WalFailure | undefined, position: Position) => void

/** Records are counted from 0 over the life of the writer. */
interface Waiter {
  /**
   * The first record staged since the sync before, and the one after the last: the same if there was none.
   */
  readonly from: number
  readonly upTo: number
  position: Position | undefined
  readonly done: SyncDone
}

export class LogWriter {
  /** Where the next frame belongs: a segment that was entered a moment ago may hold none yet. */
  segment: number
  offset: number
  /** Where the last durable frame ends. */
  durableEnd: Position
  sequence: number
  readonly ends: Map<number, number>
  private lastFrame: Position
  private readonly segments: Segments
  private readonly salt: number
  private readonly frameMaxBytes: number
  private readonly frame: FrameBuffer

  private staged: Array<Staged> = []
  /** Index of the first record of `staged` that is not in a frame yet. */
  private head = 0
  private stagedCount = 0
  /** Records that were put into frames, and those of them that are durable. */
  private framedCount = 0
  private durableCount = 0
  private syncedUpTo = 0
  /** Position of the frame with the record `syncedUpTo`, once that was put into one. */
  private nextSyncPosition: Position | undefined
  private waiters: Array<Waiter> = []
  private failure: WalFailure | undefined
  private writing = false
  private turning = false
  /**
   * Whether a segment is being made, whether a frame waits for it, and the last one asked for ahead of need.
   */
  private making = false
  private needsSegment = false
  private askedAhead = 0

  private readonly soon: ((run: () => void) => void) | undefined
  private isSoon = false

  constructor(
    segments: Segments,
    salt: number,
    frameMaxBytes: number,
    end: Recovered,
    soon?: (run: () => void) => void
  ) {
    this.soon = soon
    this.segments = segments
    this.salt = salt
    this.frameMaxBytes = Math.min(frameMaxBytes, segments.segmentBytes)
    this.frame = new FrameBuffer(this.frameMaxBytes)
    this.segment = end.segment
    this.offset = end.offset
    this.durableEnd = end.segment * segments.segmentBytes + end.offset
    this.sequence = end.sequence
    this.ends = end.ends
    this.lastFrame = end.lastFrame
    this.askAhead()
  }

  append(type: number, group: number, parts: ReadonlyArray<Uint8Array>): void {
    let bodyBytes = 0
    for (const part of parts) bodyBytes += part.length
    this.checkRecord(type, group, bodyBytes)
    // Every sync says so; keeping the record would only fill the memory.
    if (this.failure !== undefined) return
    this.staged.push({ type, group, parts, bodyBytes })
    this.stagedCount += 1
  }

  sync(done: SyncDone): void {
    const { syncedUpTo: from, stagedCount: upTo } = this
    const position = from < Math.min(this.framedCount, upTo) ? this.nextSyncPosition : undefined
    this.syncedUpTo = upTo
    this.nextSyncPosition = undefined
    if (this.failure !== undefined) {
      this.waiters.push({ from, upTo: Number.POSITIVE_INFINITY, position, done })
    } else if (upTo <= this.durableCount && this.waiters.length === 0) {
      done(undefined, position ?? this.lastFrame)
      return
    } else {
      this.waiters.push({ from, upTo, position, done })
    }
    this.turnSoon()
  }

  private turnSoon(): void {
    if (this.soon === undefined || this.turning) return this.turn()
    if (this.isSoon) return
    this.isSoon = true
    this.soon(() => {
      this.isSoon = false
      this.turn()
    })
  }

  /**
   * Fails all that waits and all that comes; a write under way is still carried out, and its waiters are told
   * so.
   */
  close(reason: WalFailure): void {
    this.fail(reason)
    this.turn()
  }

  stagedRecordCount(): number {
    return this.staged.length - this.head
  }

  private checkRecord(type: number, group: number, bodyBytes: number): void {
    if (!Number.isInteger(type) || type < 0 || type > 255) {
      throw new RangeError(`the type of a log record is a whole number from 0 to 255, not ${type}`)
    }
    if (!Number.isInteger(group) || group < 0 || group > 65535) {
      throw new RangeError(`the group of a log record is a whole number from 0 to 65535, not ${group}`)
    }
    const limitBytes = this.segments.segmentBytes - frameHeaderBytes - recordHeaderBytes
    if (bodyBytes > limitBytes) {
      throw new RangeError(`a log record has ${limitBytes} bytes at most, not ${bodyBytes}: split it`)
    }
  }

  // The one place where frames begin and waiters are told. A waiter that syncs again while it is told comes
  // back here, and is served by the turn under way: so the stack does not grow, and waiters are told in the
  // order of their calls.
  private turn(): void {
    if (this.turning) return
    this.turning = true
    try {
      for (;;) {
        const waiter = this.waiters[0]
        if (waiter === undefined) return
        if (waiter.upTo <= this.durableCount) {
          this.waiters.shift()
          waiter.done(undefined, waiter.position ?? this.lastFrame)
        } else if (this.writing) {
          return
        } else if (this.failure !== undefined) {
          this.waiters.shift()
          waiter.done(this.failure, this.lastFrame)
        } else if (!this.beginFrame()) {
          return
        }
      }
    } finally {
      this.turning = false
    }
  }

  /**
   * Writes what is staged, as far as one frame holds it; false if there is no room before another segment is
   * made.
   */
  private beginFrame(): boolean {
    const { staged, frame, head } = this
    let end = head
    let lengthBytes = frameHeaderBytes
    for (; end < staged.length; end++) {
      const nextBytes = lengthBytes + recordHeaderBytes + staged[end]!.bodyBytes
      if (end > head && nextBytes > this.frameMaxBytes) break
      lengthBytes = nextBytes
    }
    if (this.offset + lengthBytes > this.segments.segmentBytes && !this.enterNextSegment()) return false
    frame.begin(lengthBytes)
    for (let index = head; index < end; index++) {
      const { type, group, bodyBytes, parts } = staged[index]!
      frame.add(type, group, bodyBytes, parts)
    }
    this.dropStaged(end)
    const count = end - head
    const position = this.segment * this.segments.segmentBytes + this.offset
    this.place(position, count)
    this.writing = true
    const bytes = frame.seal(this.sequence + 1, frameSeed(this.salt, position))
    const file = this.segments.handle(this.segment)
    // Segments begin as zeros, and recovery cuts what a torn write has left.
    file.write(this.offset, bytes, (failure) => this.written(failure, position, lengthBytes, count), true)
    return true
  }

  private dropStaged(end: number): void {
    this.head = end
    // Not at every frame: cutting a long array again and again would take time by its square.
    if (end * 2 < this.staged.length) return
    this.staged = this.staged.slice(end)
    this.head = 0
  }

  private place(position: Position, count: number): void {
    const end = this.framedCount + count
    for (const waiter of this.waiters) {
      if (waiter.from >= end) break
      if (waiter.from < waiter.upTo) waiter.position ??= position
    }
    if (this.syncedUpTo < end) this.nextSyncPosition ??= position
    this.framedCount = end
  }

  private written(
    failure: DiskFailed | undefined,
    position: Position,
    lengthBytes: number,
    count: number
  ): void {
    this.writing = false
    if (failure !== undefined) {
      this.fail(failure)
    } else {
      this.durableCount += count
      this.sequence += 1
      this.offset += lengthBytes
      this.lastFrame = position
      this.durableEnd = position + lengthBytes
      this.askAhead()
    }
    this.turn()
  }

  // For good: after a failed write a second one that succeeds proves nothing about the first.
  private fail(failure: WalFailure): void {
    this.failure ??= failure
    this.staged = []
    this.head = 0
  }

  private enterNextSegment(): boolean {
    this.needsSegment = this.segments.last() === this.segment
    if (this.needsSegment) {
      this.makeSegment()
      return false
    }
    this.ends.set(this.segment, this.offset)
    this.segment += 1
    this.offset = 0
    return true
  }

  // A refusal while there is room yet is no harm: it is tried once more when the room is used up.
  private makeSegment(): void {
    if (this.making) return
    this.making = true
    const done = (failure: DiskFailed | undefined) => {
      this.making = false
      if (failure !== undefined && this.needsSegment) this.fail(failure)
      this.turn()
    }
    // Made ahead of need it leaves the disk to the frames; once one of them waits for it, it hurries.
    this.segments.makeNext(done, () => !this.needsSegment)
  }

  private askAhead(): void {
    const { segment } = this
    if (this.offset * 2 <= this.segments.segmentBytes) return
    if (this.segments.last() > segment || this.askedAhead === segment) return
    this.askedAhead = segment
    this.makeSegment()
  }
}
