/** `aplomb kv load`: puts every record of a file. */
import { basename } from "node:path"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { groupFlags, jsonFlag, timeoutFlag } from "../flags.ts"
import { formatOf } from "../load/format.ts"
import { isPipe, type LoadInput, openInput } from "../load/input.ts"
import { type LoadResult, load } from "../load/load.ts"
import { print, printErrorUnsafe, printJson } from "../output.ts"
import { Process } from "../process.ts"
import { sayWhy } from "../whereabouts.ts"
import { connectKv } from "./connection.ts"

const barColumns = 30
const lineEveryMs = 2000
const defaultTimeoutMs = 30_000

/** A bar that is drawn over itself on a terminal, else a line every two seconds; on stderr. */
export const progressTeller = (
  input: Pick<LoadInput, "sizeBytes">,
  nowMs: () => number,
  { isTTY, draw }: { readonly isTTY: boolean; readonly draw: (text: string) => void }
) => {
  const startedMs = nowMs()
  let toldMs = startedMs
  let first: number | undefined
  let isDrawn = false
  const tell = (records: number, offsetBytes: number): void => {
    first ??= records
    const seconds = Math.max(0.001, (nowMs() - startedMs) / 1000)
    const rate = Math.round((records - first) / seconds)
    const share = input.sizeBytes ? offsetBytes / input.sizeBytes : undefined
    const percent = share === undefined ? "" : `${Math.floor(share * 100)}% `
    const text = `${percent}${records} records, ${rate}/s`
    if (isTTY) {
      const full = Math.floor((share ?? 0) * barColumns)
      const bar = share === undefined ? "" : `[${"#".repeat(full)}${"-".repeat(barColumns - full)}] `
      draw(`\r\u001b[K${bar}${text}`)
      isDrawn = true
    } else if (nowMs() - toldMs >= lineEveryMs) {
      toldMs = nowMs()
      printErrorUnsafe(text)
    }
  }
  // What is said next begins a line of its own.
  const end = (): void => {
    if (isDrawn) draw("\n")
    isDrawn = false
  }
  return { tell, end }
}

const summary = (path: string, { records, skipped, elapsedMs }: LoadResult): string => {
  const before = skipped === 0 ? "" : `, ${skipped} were loaded before`
  if (records === 0 && skipped > 0) {
    const all = `all ${skipped} records of ${basename(path)} were loaded before`
    return `nothing to do: ${all} (--no-resume loads again)`
  }
  const rate = Math.round(records / Math.max(0.001, elapsedMs / 1000))
  return `loaded ${records} records in ${(elapsedMs / 1000).toFixed(1)} s (${rate}/s)${before}`
}

export const loadCommand = Command.make(
  "load",
  {
    file: Argument.String("file").pipe(Argument.withDescription("The file, or - for stdin")),
    format: Flag.Literals("format", ["jsonl", "tsv"]).pipe(
      Flag.optional,
      Flag.withDescription("Default: tsv for .tsv and .txt, else jsonl")
    ),
    resume: Flag.Boolean("resume").pipe(
      Flag.withDefault(true),
      Flag.withDescription("Go on where an earlier load of this file ended; --no-resume begins anew")
    ),
    ...groupFlags,
    timeout: timeoutFlag(defaultTimeoutMs),
    json: jsonFlag
  },
  Effect.fnUntraced(
    function* ({ file, format, resume, json, ...address }) {
      const { hearsNothing } = yield* Process
      // Nothing is remembered of such a load: there is nothing to be brought to an end.
      if (isPipe(file)) hearsNothing()
      const input = yield* openInput(file)
      const { kv, client, call } = yield* connectKv(address)
      const progress = progressTeller(input, () => performance.now(), {
        isTTY: process.stderr.isTTY,
        draw: (text) => void process.stderr.write(text)
      })
      const result = yield* load({
        kv,
        client,
        call,
        input,
        format: Option.getOrElse(format, () => formatOf(file)),
        resume,
        onProgress: progress.tell
      }).pipe(Effect.ensuring(Effect.sync(progress.end)))
      yield* json ? printJson(result) : print(summary(file, result))
    },
    Effect.scoped,
    sayWhy
  )
).pipe(
  Command.withDescription("Put every record of a file, and go on where an earlier load ended"),
  Command.withExamples([
    { command: "aplomb kv load backup.jsonl", description: "Load what aplomb kv dump wrote" },
    { command: "aplomb kv load prices.tsv", description: "Load lines of key, tab, value" }
  ])
)
