/** `aplomb kv dump`: the entries as JSON Lines, in key order, for `kv load` to take back. */
import { Effect, Stream } from "effect"
import { Argument, Command } from "effect/cli"
import { groupFlags, jsonFlag } from "../flags.ts"
import { printRaw } from "../output.ts"
import { Process } from "../process.ts"
import { sayWhy } from "../whereabouts.ts"
import { connectKv, reservedPrefix, valueField } from "./connection.ts"
import { consistencyOf, readFlags } from "./consistency.ts"

export const dumpCommand = Command.make(
  "dump",
  {
    prefix: Argument.String("prefix").pipe(
      Argument.withDefault(""),
      Argument.withDescription("Only keys that begin with it")
    ),
    ...groupFlags,
    json: jsonFlag,
    ...readFlags
  },
  Effect.fnUntraced(
    function* ({ prefix, json: _json, stale, atLeast, ...address }) {
      const consistency = yield* consistencyOf(stale, atLeast)
      const { onlyPrints } = yield* Process
      onlyPrints()
      const { kv, call } = yield* connectKv(address)
      // A page at a time: the reader's pace decides when the next one is asked for.
      yield* kv.list(prefix, { ...call, consistency }).pipe(
        Stream.filter(({ key }) => !key.startsWith(reservedPrefix) || prefix.startsWith(reservedPrefix)),
        Stream.map(({ key, value }) => `${JSON.stringify({ key, ...valueField(value) })}\n`),
        Stream.chunks,
        Stream.runForEach((lines) => printRaw(lines.join("")))
      )
    },
    Effect.scoped,
    sayWhy
  )
).pipe(
  Command.withDescription("Print all entries as JSON Lines in key order, for aplomb kv load"),
  Command.withExamples([{ command: "aplomb kv dump > backup.jsonl", description: "Back up the store" }])
)
