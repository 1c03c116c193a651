/**
 * The segment files of a log: their names, what must be there, and the making of the next one ahead of need.
 */
import { Cause, Effect, Exit, Queue, Scope, Semaphore } from "effect"
import { reading, StorageCorrupted } from "./errors.ts"
import { type Identity, writeIdentity } from "./identity.ts"
import { DiskFailed, type FileHandle, Files } from "./port.ts"

/** Where a frame begins: number of its segment times the size of a segment, plus the offset within it. */
export type Position = number

const nameOf = (segment: number): string => `${String(segment).padStart(12, "0")}.log`
const placeOf = (directory: string): string => `${directory}/wal`
const pathOf = (directory: string, segment: number): string => `${placeOf(directory)}/${nameOf(segment)}`
const namePattern = /^(\d{12})\.log$/

/** Numbers of the segment files that the directory holds, ascending. */
export const listSegments = Effect.fnUntraced(function* (directory: string) {
  const files = yield* Files
  const numbers: Array<number> = []
  for (const name of yield* files.list(placeOf(directory))) {
    const digits = namePattern.exec(name)?.[1]
    if (digits !== undefined) numbers.push(Number(digits))
  }
  return numbers.sort((a, b) => a - b)
})

const probeBytes = 1 << 20

/**
 * A file past the last segment that the identity counts was never written to: its preallocation was cut
 * short.
 */
const removeUncounted = Effect.fnUntraced(function* (path: string) {
  const files = yield* Files
  const file = yield* files.open(path)
  for (let offset = 0; offset < file.sizeBytes; offset += probeBytes) {
    const chunk = yield* reading(() => file.readSync(offset, probeBytes))
    const used = chunk.findIndex((byte) => byte !== 0)
    if (used >= 0) {
      const reason = "the file holds records, yet identity.json does not count it (was an old copy put back?)"
      return yield* new StorageCorrupted({ path, offset: offset + used, reason })
    }
    yield* Effect.yieldNow
  }
  yield* files.remove(path)
}, Effect.scoped)

/** The open segments of a log. */
export interface Segments {
  readonly segmentBytes: number
  /** Number of the first segment there is: those before it were removed. */
  readonly first: () => number
  /** Number of the last segment there is. */
  readonly last: () => number
  /** The segment of this number, from `first` to `last`. */
  readonly handle: (segment: number) => FileHandle
  /**
   * Makes one more segment in the background; `done` is called when it can be written to, or with why not. It
   * leaves the disk to others as long as `yields` says so.
   */
  readonly makeNext: (done: (failure: DiskFailed | undefined) => void, yields: () => boolean) => void
  /** Notes durably that the log has reached this position. */
  readonly mark: (durable: Position) => Effect.Effect<void, DiskFailed>
  /** Notes durably that the end of the log is being cut, or that it was. */
  readonly noteCutting: (cutting: boolean) => Effect.Effect<void, DiskFailed>
  /**
   * Removes the segments before this one, whose first frame has this number. Noted durably first: what is
   * missing then is no loss, and what a crash leaves is removed by the next opening.
   */
  readonly removeBefore: (
    segment: number,
    firstSequence: number,
    durable: Position
  ) => Effect.Effect<void, DiskFailed>
}

const checkCounted = Effect.fnUntraced(function* (directory: string, identity: Identity) {
  const files = yield* Files
  const present = yield* listSegments(directory)
  for (const segment of present) {
    if (segment < identity.first) yield* files.remove(pathOf(directory, segment))
    if (segment > identity.segments) yield* removeUncounted(pathOf(directory, segment))
  }
  for (let segment = identity.first; segment <= identity.segments; segment++) {
    if (present.includes(segment)) continue
    const reason = `segment ${segment} of ${identity.segments} is missing`
    return yield* new StorageCorrupted({ path: pathOf(directory, segment), offset: 0, reason })
  }
})

const openSegment = Effect.fnUntraced(function* (directory: string, identity: Identity, segment: number) {
  const files = yield* Files
  const handle = yield* files.open(pathOf(directory, segment))
  if (handle.sizeBytes === identity.segmentBytes) return handle
  const reason = `the file should have ${identity.segmentBytes} bytes, and it has ${handle.sizeBytes}`
  const offset = Math.min(handle.sizeBytes, identity.segmentBytes)
  return yield* new StorageCorrupted({ path: handle.path, offset, reason })
})

/** Makes a segment and counts it: only after that may it be written to. */
const makeSegment = Effect.fnUntraced(function* (
  directory: string,
  identity: Identity,
  segment: number,
  save: (change: Partial<Identity>) => Effect.Effect<void, DiskFailed, Files>,
  yields?: () => boolean
) {
  const files = yield* Files
  const path = pathOf(directory, segment)
  // An attempt before this one may have got as far as the file, which is whole where it is there. To make it
  // anew would take room that there may not be, while it may be counted already. What failed may have been to
  // sync its directory: a power cut could still take it away, with all that was written to it.
  const isThere = (yield* listSegments(directory)).includes(segment)
  const make = isThere
    ? files.makeDirectory(placeOf(directory))
    : files.preallocate(path, identity.segmentBytes, yields)
  yield* make
  yield* save({ segments: segment })
  return yield* files.open(path)
})

/** Whoever waits for a segment must hear of everything that goes wrong with it: a defect is no exception. */
const whyNotMade = Effect.fnUntraced(function* (path: string, cause: Cause.Cause<DiskFailed>) {
  const reason = Cause.squash(cause)
  if (reason instanceof DiskFailed) return reason
  yield* Effect.logError(`the segment ${path} could not be made`, cause)
  return new DiskFailed({ operation: "preallocate", path, full: false, reason: `a defect: ${reason}` })
})

interface Opened {
  readonly handle: FileHandle
  /** Closes the file. */
  readonly scope: Scope.Closeable
}

/** Writes changes of the identity down, one after the other. */
const keepIdentity = Effect.fnUntraced(function* (directory: string, identity: Identity) {
  const oneAtATime = yield* Semaphore.make(1)
  let current = identity
  return (change: Partial<Identity>) =>
    oneAtATime.withPermit(
      Effect.suspend(() => {
        const next = { ...current, ...change }
        // Only what was written counts: the next change would else bring along one that failed.
        return Effect.map(writeIdentity(directory, next), () => {
          current = next
        })
      })
    )
})

/**
 * Opens every segment that the identity counts, makes the first one in a new directory, and stands ready to
 * make more.
 */
export const openSegments = Effect.fnUntraced(function* (directory: string, identity: Identity) {
  const scope = yield* Effect.scope
  yield* checkCounted(directory, identity)
  const opened = new Map<number, Opened>()
  let { first } = identity
  let last = first - 1
  const save = yield* keepIdentity(directory, identity)
  const add = Effect.fnUntraced(function* <E, R>(
    segment: number,
    open: Effect.Effect<FileHandle, E, R | Scope.Scope>
  ) {
    const own = yield* Scope.fork(scope)
    opened.set(segment, { handle: yield* Scope.provide(open, own), scope: own })
    last = segment
  })
  for (let segment = first; segment <= identity.segments; segment++) {
    yield* add(segment, openSegment(directory, identity, segment))
  }
  if (last < first) yield* add(first, makeSegment(directory, identity, first, save))

  const files = yield* Files
  const requests = yield* Queue.unbounded<Parameters<Segments["makeNext"]>>()
  const maker = Effect.gen(function* () {
    for (;;) {
      const [done, yields] = yield* Queue.take(requests)
      const next = last + 1
      const failure = yield* add(next, makeSegment(directory, identity, next, save, yields)).pipe(
        Effect.as(undefined),
        Effect.catchCause((cause) => whyNotMade(pathOf(directory, next), cause))
      )
      done(failure)
    }
  })
  yield* maker.pipe(
    Effect.tapCause((cause) => Effect.logError("the maker of log segments stopped", cause)),
    Effect.forkIn(scope)
  )
  const removeBefore = Effect.fnUntraced(function* (
    segment: number,
    firstSequence: number,
    durable: Position
  ) {
    yield* save({ first: segment, firstSequence, durable })
    while (first < segment) {
      // Gone from here on, whatever becomes of the file: what is left of it the next opening removes.
      const removed = first++
      const { scope: own } = opened.get(removed)!
      opened.delete(removed)
      yield* Scope.close(own, Exit.void)
      yield* files.remove(pathOf(directory, removed))
    }
  })
  const segments: Segments = {
    segmentBytes: identity.segmentBytes,
    first: () => first,
    last: () => last,
    handle: (segment) => opened.get(segment)!.handle,
    makeNext: (done, yields) => void Queue.offerUnsafe(requests, [done, yields]),
    mark: (durable) => Effect.provideService(save({ durable }), Files, files),
    noteCutting: (cutting) => Effect.provideService(save({ cutting }), Files, files),
    removeBefore: (segment, firstSequence, durable) =>
      Effect.provideService(removeBefore(segment, firstSequence, durable), Files, files)
  }
  return segments
})
