/**
 * Why nobody answered a command that is about a group: the name of a cluster or a group may be wrong, or the
 * group cannot go on.
 */
import { Effect } from "effect"
import { copyIn, type NodeSeen, surveyNodes } from "../client/discover.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { busWaitMs, connectBus, noNode } from "./bus.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { strandedLines } from "./stranded.ts"

export interface Whereabouts {
  readonly servers: ReadonlyArray<string>
  readonly cluster: string
  readonly group: string
  /** How long the command might take, in milliseconds. */
  readonly timeout: number
}

/** As long as `aplomb status` waits. */
const surveyMs = 1000

/** What is wrong with the names, as the nodes that answered tell; undefined where they are right. */
export const misnamed = (
  { servers, cluster, group }: Whereabouts,
  seen: ReadonlyArray<NodeSeen>,
  waitedMs: number
): CommandFailed | undefined => {
  if (seen.length === 0) return noNode(cluster, servers, waitedMs)
  const groups = new Set(seen.flatMap((node) => node.groups.map((copy) => copy.group)))
  if (groups.has(group)) return undefined
  const there = groups.size === 0 ? "it holds none" : `it holds ${[...groups].sort().join(", ")}`
  const reason = `no node of the cluster "${cluster}" that answers holds the group "${group}"; ${there}`
  return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
}

/** Fails where no node that answers holds the group. */
export const expectGroup = Effect.fnUntraced(function* (bus: BusShape, where: Whereabouts) {
  const holds = (nodes: ReadonlyMap<string, NodeSeen>) =>
    [...nodes.values()].some((node) => copyIn(node, where.group) !== undefined)
  const seen = yield* surveyNodes(bus, subjectsOf(where.cluster), where.timeout, holds)
  const problem = misnamed(where, seen, where.timeout)
  if (problem !== undefined) return yield* problem
})

const stranded = (group: string | undefined, seen: ReadonlyArray<NodeSeen>): CommandFailed | undefined => {
  const lines = strandedLines(seen)
  const reason = group === undefined ? [...lines.values()].join("\n") : lines.get(group)
  return reason === undefined || reason === ""
    ? undefined
    : new CommandFailed({ reason, exitCode: exitCodes.unavailable })
}

/** What can be known from the nodes that answer within a second. */
const explained = Effect.fnUntraced(function* (where: Omit<Whereabouts, "group">, group: string | undefined) {
  const bus = yield* connectBus({ ...where, name: "aplomb status", waitMs: busWaitMs(where.timeout) })
  const seen = yield* surveyNodes(bus, subjectsOf(where.cluster), surveyMs, () => false)
  const wrong =
    group === undefined ? undefined : misnamed({ ...where, group }, seen, where.timeout + surveyMs)
  return wrong ?? stranded(group, seen)
}, Effect.scoped)

/**
 * Where a command was not done because nobody answered, asks the nodes why: its names may be wrong, or the
 * group, one of all where none is named, may stand still for good. The exit code stays.
 */
export const sayWhy = <A, E, R>(
  command: Effect.Effect<A, E, R>,
  where: Omit<Whereabouts, "group"> & { readonly group?: string }
): Effect.Effect<A, E | CommandFailed, R> => {
  const reason = Effect.orElseSucceed(explained(where, where.group), () => undefined)
  return Effect.catch(command, (error) =>
    isUnavailable(error)
      ? Effect.flatMap(reason, (problem) => Effect.fail(problem ?? error))
      : Effect.fail(error)
  )
}

/** An operation of operators waits for a leader; of a group that there is not nobody ever leads. */
const isUnavailable = (error: unknown): boolean =>
  error instanceof Error &&
  "_tag" in error &&
  (error._tag === "Unavailable" || error._tag === "OperationUnfinished")
