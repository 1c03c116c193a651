/** What the store itself remembers of a load: one record a file, moved on by compare-and-set. */
import { createHash } from "node:crypto"
import { basename } from "node:path"
import { Effect, Option, Schema } from "effect"
import type { CallOptions } from "../../client/call-options.ts"
import type { Kv } from "../../client/kv.ts"
import { CommandFailed, exitCodes } from "../failure.ts"
import { reservedPrefix } from "../kv/connection.ts"
import type { LoadInput } from "./input.ts"

/** Everything before `offsetBytes` was acknowledged when this was written. */
const Progress = Schema.Struct({
  file: Schema.String,
  offsetBytes: Schema.Int,
  lines: Schema.Int,
  records: Schema.Int,
  complete: Schema.Boolean
})
export type Progress = typeof Progress.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Progress))

/** The key of a file's record: by name, size and the beginning of the content. */
const progressKey = (input: LoadInput): string => {
  const name = basename(input.path)
  const digest = createHash("sha256").update(`${name}\n${input.identity}`).digest("hex")
  return `${reservedPrefix}load/${digest.slice(0, 32)}`
}

export interface ProgressKeeper {
  /** Where to begin: what the record says, or the beginning. */
  readonly found: Progress
  /** Moves the record on; fails where another load of the same file has. */
  readonly write: (progress: Progress) => Effect.Effect<void, CommandFailed>
}

const conflict = (file: string) =>
  new CommandFailed({
    reason: `another load of ${file} is under way, or was since this began; run the command again to go on`,
    exitCode: exitCodes.no
  })

/** Reads the record of a file; `fresh` begins at the start whatever it says. */
export const progressKeeper = Effect.fnUntraced(function* (
  kv: Kv,
  input: LoadInput,
  call: CallOptions,
  fresh: boolean
) {
  const key = progressKey(input)
  const file = basename(input.path)
  const nothing: Progress = { file, offsetBytes: 0, lines: 0, records: 0, complete: false }
  const entry = Option.getOrUndefined(yield* kv.get(key, call))
  let revision = entry?.revision ?? 0
  const known = typeof entry?.value === "string" ? Option.getOrUndefined(decode(entry.value)) : undefined
  const write = Effect.fnUntraced(function* (progress: Progress) {
    const text = JSON.stringify(progress)
    const reply = yield* kv.compareAndSet(key, revision, text, call)
    revision = reply.revision
    if (!reply.changed) return yield* conflict(file)
  })
  const keeper: ProgressKeeper = {
    found: fresh ? nothing : (known ?? nothing),
    // Without the outcome the record may or may not have moved; either way it says nothing that is not so.
    write: (progress) =>
      write(progress).pipe(
        Effect.catchTag(["Indeterminate", "Unavailable", "Rejected"], ({ message }) => {
          const reason = `how far it came cannot be saved: ${message}`
          return Effect.fail(new CommandFailed({ reason, exitCode: exitCodes.unavailable }))
        })
      )
  }
  // Else what an earlier load wrote would hold, until this one writes, for a store that it has changed.
  if (fresh && entry !== undefined) yield* keeper.write(nothing)
  return keeper
})
