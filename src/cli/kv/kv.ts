/** `aplomb kv`: reads and writes the key-value store of a group. */
import { Effect, Option, Stream } from "effect"
import { Argument, Command } from "effect/cli"
import type { KvEntry } from "../../machines/kv.ts"
import { CommandFailed, exitCodes } from "../failure.ts"
import { groupFlags, jsonFlag } from "../flags.ts"
import { print, printJson, printRaw } from "../output.ts"
import { Process } from "../process.ts"
import { sayWhy } from "../whereabouts.ts"
import { connectKv, givenValue, reservedPrefix, valueField } from "./connection.ts"
import { consistencyOf, readFlags } from "./consistency.ts"
import { dumpCommand } from "./dump.ts"
import { loadCommand } from "./load.ts"

const flags = { ...groupFlags, json: jsonFlag }
const key = Argument.String("key").pipe(Argument.withDescription("Any text"))
const value = Argument.String("value").pipe(Argument.withDescription("Text, or - for what comes on stdin"))

const no = (reason: string) => new CommandFailed({ reason, exitCode: exitCodes.no })

const put = Command.make(
  "put",
  { key, value, ...flags },
  Effect.fnUntraced(
    function* ({ key, value, json, ...address }) {
      const given = yield* givenValue(value)
      const { kv, call } = yield* connectKv(address)
      const { revision } = yield* kv.put(key, given, call)
      yield* json ? printJson({ key, revision }) : print(`revision ${revision}`)
    },
    Effect.scoped,
    sayWhy
  )
).pipe(Command.withDescription("Set a key"))

const get = Command.make(
  "get",
  { key, ...flags, ...readFlags },
  Effect.fnUntraced(
    function* ({ key, json, stale, atLeast, ...address }) {
      const consistency = yield* consistencyOf(stale, atLeast)
      const { kv, call } = yield* connectKv(address)
      const found = yield* kv.getAt(key, { ...call, consistency })
      const entry = Option.getOrUndefined(found.entry)
      // Where the state may be old, how old it is belongs to the answer.
      const at = consistency === "linearizable" ? {} : { slot: found.slot }
      if (entry === undefined) {
        if (json) yield* printJson({ key, absent: true, ...at })
        return yield* no(`there is no key "${key}"`)
      }
      if (json) return yield* printJson({ ...entryJson(entry), ...at })
      yield* typeof entry.value === "string" ? print(entry.value) : printRaw(entry.value)
    },
    Effect.scoped,
    sayWhy
  )
).pipe(Command.withDescription("Print the value of a key; exit code 1 where there is none"))

const remove = Command.make(
  "delete",
  { key, ...flags },
  Effect.fnUntraced(
    function* ({ key, json, ...address }) {
      const { kv, call } = yield* connectKv(address)
      const { deleted } = yield* kv.delete(key, call)
      yield* json ? printJson({ key, deleted }) : print(deleted ? "deleted" : "there was no such key")
    },
    Effect.scoped,
    sayWhy
  )
).pipe(Command.withDescription("Delete a key"))

const revision = Argument.Int("revision").pipe(
  Argument.filter(
    (revision) => revision >= 0,
    () => "0 for an absent key, or what get --json shows"
  ),
  Argument.withDescription("The revision that the key must be at; 0 where it must be absent")
)

const compareAndSet = Command.make(
  "cas",
  { key, revision, value, ...flags },
  Effect.fnUntraced(
    function* ({ key, revision, value, json, ...address }) {
      const given = yield* givenValue(value)
      const { kv, call } = yield* connectKv(address)
      const reply = yield* kv.compareAndSet(key, revision, given, call)
      if (json) yield* printJson({ key, ...reply })
      if (reply.changed) return yield* json ? Effect.void : print(`revision ${reply.revision}`)
      const found = reply.revision === 0 ? "absent (revision 0)" : `at revision ${reply.revision}`
      return yield* no(`nothing was written: "${key}" is ${found}, not at ${revision}`)
    },
    Effect.scoped,
    sayWhy
  )
).pipe(
  Command.withDescription("Set a key if it is at a revision; exit code 1 where it is at another"),
  Command.withExamples([{ command: "aplomb kv cas color 12 blue", description: "Set color if it is at 12" }])
)

const prefix = Argument.String("prefix").pipe(
  Argument.withDefault(""),
  Argument.withDescription("Only keys that begin with it")
)

const entryJson = ({ key, value, revision }: KvEntry) => ({ key, ...valueField(value), revision })

const list = Command.make(
  "list",
  { prefix, ...flags, ...readFlags },
  Effect.fnUntraced(
    function* ({ prefix, json, stale, atLeast, ...address }) {
      const consistency = yield* consistencyOf(stale, atLeast)
      const { onlyPrints } = yield* Process
      onlyPrints()
      const { kv, call } = yield* connectKv(address)
      yield* Stream.runForEach(kv.list(prefix, { ...call, consistency }), (entry) => {
        if (entry.key.startsWith(reservedPrefix) && !prefix.startsWith(reservedPrefix)) return Effect.void
        if (json) return printJson(entryJson(entry))
        const shown = typeof entry.value === "string" ? entry.value : `(${entry.value.length} bytes)`
        return print(`${entry.key}\t${entry.revision}\t${shown}`)
      })
    },
    Effect.scoped,
    sayWhy
  )
).pipe(Command.withDescription("Print keys, revisions and values in key order, tab between them"))

export const kvCommand = Command.make("kv").pipe(
  Command.withDescription("Read and write the key-value store of a group"),
  Command.withSubcommands([put, get, remove, compareAndSet, list, loadCommand, dumpCommand])
)
