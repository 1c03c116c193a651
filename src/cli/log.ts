/** `aplomb log tail`: what a group's log holds, entry by entry, as far as it is chosen. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { type AskOptions, askCatchUp } from "../actors/catch-up/catch-up.ts"
import { type KvValue, kvMachine } from "../machines/kv.ts"
import { GroupId, Slot, slotPlus } from "../protocol/ids.ts"
import { misfit } from "../protocol/learner/machine.ts"
import { type EntryView, forEachEntry } from "../protocol/log/entry.ts"
import { type Run, runLast } from "../protocol/log/run.ts"
import { unpack } from "../runtime/codec.ts"
import { noReplica, packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { busWaitMs, connectBus } from "./bus.ts"
import { countFlag, groupFlags, jsonFlag } from "./flags.ts"
import { valueField } from "./kv/connection.ts"
import { findHolder, type Holder, noHolder } from "./log-holder.ts"
import { print, printError, printRaw } from "./output.ts"
import { Process } from "./process.ts"

/** One entry as it is printed. */
export interface EntryShown {
  readonly slot: number
  readonly ballot: number
  /** The log's clock: ISO 8601, from the leader that proposed it. */
  readonly time: string
  readonly kind: EntryView["kind"]
  readonly client?: string
  readonly session?: number
  readonly number?: number
  /** The machine's command, decoded; null where it does not read it. */
  readonly command?: unknown
}

/** Bytes become base64: JSON has no form for them. */
const decode = (bytes: Uint8Array): unknown => {
  const command = kvMachine.forms.command.decode(unpack(bytes))
  if (command === misfit) return null
  return "value" in command
    ? { ...command, ...valueField(command.value), ...noBytes(command.value) }
    : command
}

const noBytes = (value: KvValue) => (typeof value === "string" ? {} : { value: undefined })

const entryShown = (entry: EntryView, run: Run, index: number): EntryShown => {
  const { kind, client, session, number } = entry
  const head = {
    slot: run.first + index,
    ballot: run.ballot,
    time: new Date(run.atMs).toISOString(),
    kind
  }
  if (kind === "command") return { ...head, session, number, command: decode(entry.command) }
  if (kind === "open") return { ...head, client }
  return kind === "keepAlive" || kind === "close" ? { ...head, session } : head
}

/** The entries of a run. */
const entriesOf = (run: Run): ReadonlyArray<EntryShown> => {
  const entries: Array<EntryShown> = []
  forEachEntry(run, (entry, index) => entries.push(entryShown(entry, run, index)))
  return entries
}

const asText = ({ slot, ballot, time, kind, client, session, number, command }: EntryShown): string => {
  const who = session === undefined ? (client ?? "") : number === undefined ? session : `${session}/${number}`
  const what = command === undefined ? "" : JSON.stringify(command)
  return [slot, ballot, time, kind, who, what].join("\t").trimEnd()
}

const lastEntries = 10
const chunkBytes = 256 * 1024
const followEveryMs = 100

const tail = Effect.fnUntraced(function* (
  asking: AskOptions,
  from: number | undefined,
  follow: boolean,
  show: (entry: EntryShown) => string
) {
  let holder = yield* findHolder(asking)
  const end = holder.chosen
  let next = Slot(Math.max(1, from ?? end - lastEntries + 1))
  for (let failures = 0; follow || next <= end; ) {
    const answer = yield* askCatchUp(asking, holder.id, next, chunkBytes)
    if (answer === undefined) {
      // Whoever was asked may have stopped: others have the same entries.
      if (++failures > 3 && !follow) return yield* noHolder(asking)
      const last: Holder = holder
      holder = yield* Effect.catchTag(findHolder(asking), "CommandFailed", () => Effect.succeed(last))
      continue
    }
    failures = 0
    if (answer.first > next) {
      yield* printError(`the log begins at slot ${answer.first}: what was before is in a snapshot`)
      next = answer.first
      continue
    }
    for (const run of answer.runs) {
      yield* printRaw(
        entriesOf(run)
          .map((entry) => `${show(entry)}\n`)
          .join("")
      )
      next = slotPlus(runLast(run), 1)
    }
    if (answer.runs.length > 0) continue
    if (!follow) return
    yield* Effect.sleep(followEveryMs)
  }
})

const tailCommand = Command.make(
  "tail",
  {
    ...groupFlags,
    from: countFlag("from", { min: 0 }).pipe(
      Flag.optional,
      Flag.withMetavar("slot"),
      Flag.withDescription("First slot to print (default: the last ten entries)")
    ),
    follow: Flag.Boolean("follow").pipe(
      Flag.withAlias("f"),
      Flag.withDefault(false),
      Flag.withDescription("Go on printing entries as they are chosen")
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function* ({ servers, cluster, group, timeout, from, follow, json }) {
    const { onlyPrints } = yield* Process
    onlyPrints()
    const bus = yield* connectBus({ servers, name: "aplomb log", waitMs: busWaitMs(timeout) })
    const asking: AskOptions = {
      self: noReplica,
      bus,
      subjects: subjectsOf(cluster),
      codec: packetCodec(cluster),
      group: GroupId(group),
      timeoutMs: Math.min(timeout, 1000)
    }
    const show = json ? (entry: EntryShown) => JSON.stringify(entry) : asText
    if (!json) yield* print("SLOT\tBALLOT\tTIME\tKIND\tSESSION\tCOMMAND")
    yield* tail(asking, Option.getOrUndefined(from), follow, show)
  }, Effect.scoped)
).pipe(Command.withDescription("Print the chosen entries of a group's log"))

export const logCommand = Command.make("log").pipe(
  Command.withDescription("Look into the log of a group"),
  Command.withSubcommands([tailCommand])
)
