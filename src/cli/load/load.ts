/**
 * Loading a file into the key-value store: as fast as it takes it, and going on where an earlier load ended.
 */
import { Clock, Effect, Fiber } from "effect"
import type { CallOptions } from "../../client/call-options.ts"
import type { CommandFailure } from "../../client/errors.ts"
import type { GroupClient } from "../../client/group-client.ts"
import type { Kv } from "../../client/kv.ts"
import { CommandFailed, exitCodes, usageFailure } from "../failure.ts"
import { LoadFlight } from "./flight.ts"
import { type LoadFormat, type LoadRecord, parseRecord } from "./format.ts"
import { type Line, LineCutter, type LoadInput } from "./input.ts"
import { type Progress, type ProgressKeeper, progressKeeper } from "./progress.ts"

export interface LoadOptions {
  readonly kv: Kv
  readonly client: GroupClient
  readonly call: CallOptions & { readonly timeoutMs: number }
  readonly input: LoadInput
  readonly format: LoadFormat
  readonly resume: boolean
  /** Told how many records of the file are acknowledged, a few times a second. */
  readonly onProgress: (records: number, offsetBytes: number) => void
}

export interface LoadResult {
  /** Records put by this run. */
  readonly records: number
  /** Records that an earlier run had put. */
  readonly skipped: number
  readonly elapsedMs: number
}

const tellEveryMs = 100
const saveEveryTells = 10
/** How long a load that has failed tries to save how far it came. */
const lastSaveMs = 1000

/** A line that is no record: what comes before it is loaded all the same. */
class LineFault {
  readonly line: number
  readonly problem: string
  constructor(line: number, problem: string) {
    this.line = line
    this.problem = problem
  }
}

const recordOf = (line: Line, number: number, format: LoadFormat): LoadRecord | undefined | LineFault => {
  if ("fault" in line.content) return new LineFault(number, line.content.fault)
  const parsed = parseRecord(line.content.text, format)
  if (typeof parsed === "string") return new LineFault(number, parsed)
  const fault = parsed && LoadFlight.fault(parsed)
  return fault === undefined ? parsed : new LineFault(number, fault)
}

/**
 * Sends every line from where the flight begins; ends at the end of the file or at the first line that is no
 * record.
 */
const sendAll = Effect.fnUntraced(function* (flight: LoadFlight, { input, format }: LoadOptions) {
  const { offsetBytes, lines } = flight.acknowledged
  const cutter = new LineCutter(offsetBytes)
  let number = lines
  let position = offsetBytes
  while (flight.failure === undefined) {
    const block = yield* input.read(position)
    position += block.length
    for (const line of cutter.take(block)) {
      number++
      const record = recordOf(line, number, format)
      if (record instanceof LineFault) return record
      if (record !== undefined && flight.isFull(record.key)) {
        yield* flight.until(() => !flight.isFull(record.key))
        if (flight.failure !== undefined) return undefined
      }
      flight.take(record, line.endOffset)
    }
    if (block.length === 0) return undefined
  }
})

const progressOf = (flight: LoadFlight, file: string, complete: boolean): Progress => ({
  file,
  ...flight.acknowledged,
  complete
})

/** Tells and saves the progress until it is interrupted. */
const watch = Effect.fnUntraced(function* (
  flight: LoadFlight,
  keeper: ProgressKeeper | undefined,
  onProgress: LoadOptions["onProgress"]
) {
  let saved = keeper?.found.records
  for (let tells = 1; ; tells++) {
    yield* Effect.sleep(tellEveryMs)
    const { records, offsetBytes } = flight.acknowledged
    onProgress(records, offsetBytes)
    if (keeper === undefined || tells % saveEveryTells !== 0 || records === saved) continue
    saved = records
    // Once it is under way it is finished: an interruption must not leave the revision unknown.
    yield* Effect.uninterruptible(keeper.write(progressOf(flight, keeper.found.file, false)))
  }
})

/** Says how far it came and how to go on; that another load is under way says both by itself. */
const stopped = (
  flight: LoadFlight,
  why: CommandFailure | CommandFailed,
  faulty: string | undefined
): CommandFailed => {
  const first = faulty === undefined ? "" : `${faulty}; `
  if (why._tag === "CommandFailed" && why.exitCode === exitCodes.no)
    return new CommandFailed({ reason: `${first}${why.message}`, exitCode: why.exitCode })
  const { records } = flight.acknowledged
  const reason =
    `${first}stopped after ${records} records: ${why.message}; ` +
    "run the same command again to go on from there"
  return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
}

/** The same where all that comes before a line that is no record is loaded. */
const endedAtLine = (flight: LoadFlight, faulty: string, unsaved: CommandFailed | undefined) => {
  const before = `the ${flight.acknowledged.records} records before it are loaded`
  return usageFailure([faulty, before, ...(unsaved === undefined ? [] : [unsaved.message])].join("; "))
}

const failureOf = <E>(effect: Effect.Effect<unknown, E>): Effect.Effect<E | undefined> =>
  Effect.match(effect, { onSuccess: () => undefined, onFailure: (failure) => failure })

/**
 * Loads a file. Guaranteed: when it returns, every record is acknowledged, the last line of a key wins. Where
 * it is interrupted, at any point, a later load of the same file (name, size, first 64 KiB) begins at a line
 * before which everything was acknowledged; lines behind it may be put a second time, with the same value.
 */
export const load = Effect.fnUntraced(function* (options: LoadOptions) {
  const { kv, call, input, client } = options
  const startedMs = yield* Clock.currentTimeMillis
  const keeper =
    input.sizeBytes === undefined ? undefined : yield* progressKeeper(kv, input, call, !options.resume)
  const { offsetBytes = 0, lines = 0, records: skipped = 0 } = keeper?.found ?? {}
  const flight = new LoadFlight(client, call.timeoutMs, { offsetBytes, lines, records: skipped })
  const done = Effect.fnUntraced(function* () {
    const elapsedMs = (yield* Clock.currentTimeMillis) - startedMs
    const result: LoadResult = { records: flight.acknowledged.records - skipped, skipped, elapsedMs }
    return result
  })
  if (keeper?.found.complete === true) return yield* done()
  const watcher = yield* Effect.forkChild(watch(flight, keeper, options.onProgress))
  // As soon as it is met: what comes after it may fail, too.
  const met: { faulty: string | undefined } = { faulty: undefined }
  const sending = Effect.gen(function* () {
    const fault = yield* sendAll(flight, options)
    if (fault !== undefined) met.faulty = `${input.path}, line ${fault.line}: ${fault.problem}`
    flight.closeChunk()
    yield* flight.until(flight.isEmpty)
  })
  // The watcher never ends by itself: it can only fail, and then there is no use in going on. Where the
  // cluster goes away that may come before any put has failed: it is told in the same way.
  const unsaved = yield* Effect.raceFirst(
    Effect.as(sending, undefined),
    Effect.catchTag(Fiber.join(watcher), "CommandFailed", Effect.succeed)
  )
  const failure = flight.failure ?? unsaved
  const saved = Effect.gen(function* () {
    yield* Fiber.interrupt(watcher)
    if (keeper === undefined) return
    const complete = met.faulty === undefined && failure === undefined
    yield* keeper.write(progressOf(flight, keeper.found.file, complete))
  })
  // Where puts fail, this will as well, and is not what went wrong.
  if (flight.failure !== undefined && unsaved === undefined)
    yield* Effect.ignore(Effect.timeout(saved, lastSaveMs))
  const unsavedAtEnd = failure === undefined ? yield* failureOf(saved) : undefined
  options.onProgress(flight.acknowledged.records, flight.acknowledged.offsetBytes)
  if (failure !== undefined) return yield* stopped(flight, failure, met.faulty)
  if (met.faulty !== undefined) return yield* endedAtLine(flight, met.faulty, unsavedAtEnd)
  if (unsavedAtEnd !== undefined) return yield* stopped(flight, unsavedAtEnd, undefined)
  return yield* done()
})
