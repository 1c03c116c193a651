/** `aplomb master`: what the masters hold, and a copy of it. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { type NodeSeen, surveyNodes } from "../client/discover.ts"
import { filesLayer } from "../runtime/storage/files.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { busWaitMs, connectBus, noNode } from "./bus.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { clusterFlags, jsonFlag, timeoutFlag } from "./flags.ts"
import { agreedStates, type MasterStateShown, masterStateShown, writeCopies } from "./master-copies.ts"
import { mastersShown } from "./masters-shown.ts"
import { print, printJson, table } from "./output.ts"
import { strandedLines } from "./stranded.ts"

interface Where {
  readonly servers: ReadonlyArray<string>
  readonly cluster: string
  readonly timeout: number
}

const timeout = timeoutFlag(1000)

/** What the nodes answer, once all masters have or the time is over. Fails where nobody knows of a master. */
const survey = Effect.fnUntraced(function* ({ servers, cluster, timeout: waitMs }: Where) {
  const bus = yield* connectBus({ servers, name: "aplomb master", waitMs: busWaitMs(waitMs + 2000) })
  const isComplete = (seen: ReadonlyMap<string, NodeSeen>) => {
    const { nodes, silent } = mastersShown([...seen.values()])
    return nodes.length > 0 && silent.length === 0
  }
  const seen = yield* surveyNodes(bus, subjectsOf(cluster), waitMs, isComplete)
  if (mastersShown(seen).nodes.length > 0) return seen
  return yield* noNode(cluster, servers, waitMs)
}, Effect.scoped)

const asText = (
  { cluster, masters, majority, groups }: MasterStateShown,
  stranded: ReadonlyArray<string>
): string => {
  const masterRows = masters.map(({ id, state, versions }) => [
    id,
    state,
    Object.entries(versions)
      .map(([group, version]) => `${group}:${version}`)
      .join(" ") || "-"
  ])
  const groupRows = groups.map((one) => [
    one.group,
    one.version === null ? "no majority agrees" : String(one.version),
    one.ballot === null ? "-" : `${one.ballot}.${one.generation}`,
    one.leader ?? "none",
    one.acceptors.join(",") || "-",
    one.drained.join(",") || "-"
  ])
  return [
    `cluster ${cluster}: ${majority ? "a majority" : "no majority"} of the masters answers`,
    ...stranded,
    "",
    table([["MASTER", "STATE", "VERSIONS"], ...masterRows]),
    "",
    table([["GROUP", "VERSION", "BALLOT", "LEADER", "ACCEPTORS", "DRAINED"], ...groupRows])
  ].join("\n")
}

const statusOfMaster = Command.make(
  "status",
  { ...clusterFlags, timeout, json: jsonFlag },
  Effect.fnUntraced(function* ({ json, ...where }) {
    const seen = yield* survey(where)
    const shown = masterStateShown(where.cluster, seen)
    yield* json ? printJson(shown) : print(asText(shown, [...strandedLines(seen).values()]))
  })
).pipe(Command.withDescription("Show which masters answer, and what they hold of each group"))

const backupTriesMax = 10

const backup = Command.make(
  "backup",
  {
    ...clusterFlags,
    directory: Argument.String("directory").pipe(
      Argument.withDescription("Where the copies are written: a file for each group")
    ),
    timeout,
    json: jsonFlag
  },
  Effect.fnUntraced(function* ({ directory, json, ...where }) {
    let lacking: ReadonlyArray<string> = []
    for (let tries = 0; tries < backupTriesMax; tries++) {
      const states = [...agreedStates(yield* survey(where))]
      lacking = states.filter(([, state]) => state === undefined).map(([group]) => group)
      if (lacking.length > 0) continue
      const copies = states.flatMap(([group, state]) =>
        state === undefined ? [] : [[group, state] as const]
      )
      const written = yield* writeCopies(directory, copies).pipe(Effect.provide(filesLayer()))
      const asLine = ({ group, version, file }: (typeof written)[number]) =>
        `group ${group}: version ${version} in ${file}`
      return yield* json ? printJson(written) : print(written.map(asLine).join("\n"))
    }
    const what = `no majority of the masters holds the same of ${lacking.join(", ")}`
    const reason = `${what}: start more of them, or try again`
    return yield* new CommandFailed({ reason, exitCode: exitCodes.unavailable })
  })
).pipe(Command.withDescription("Copy what the masters hold into files, from which it can be brought back"))

export const masterCommand = Command.make("master").pipe(
  Command.withDescription("What the masters hold, and a copy of it"),
  Command.withSubcommands([statusOfMaster, backup])
)
