/** Why nobody answered a command that is about a group: the name of a cluster or a group may be wrong. */
import { Effect } from "effect"
import { copyIn, type NodeSeen, surveyNodes } from "../client/discover.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { busWaitMs, connectBus, noNode } from "./bus.ts"
import { CommandFailed, exitCodes } from "./failure.ts"

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

/** Asks the nodes, for as long as none tells of the group. */
const ask = Effect.fnUntraced(function* (bus: BusShape, where: Whereabouts, waitMs: number) {
  const holds = (nodes: ReadonlyMap<string, NodeSeen>) =>
    [...nodes.values()].some((node) => copyIn(node, where.group) !== undefined)
  return yield* surveyNodes(bus, subjectsOf(where.cluster), waitMs, holds)
})

/** Fails where no node that answers holds the group. */
export const expectGroup = Effect.fnUntraced(function* (bus: BusShape, where: Whereabouts) {
  const problem = misnamed(where, yield* ask(bus, where, where.timeout), where.timeout)
  if (problem !== undefined) return yield* problem
})

/**
 * Where a command was not done because nobody answered, asks the nodes whether its names are right, and says
 * so if they are not. The exit code stays.
 */
export const sayMisnamed = <A, E, R>(
  command: Effect.Effect<A, E, R>,
  where: Whereabouts
): Effect.Effect<A, E | CommandFailed, R> => {
  const explained = Effect.gen(function* () {
    const bus = yield* connectBus({ ...where, name: "aplomb status", waitMs: busWaitMs(where.timeout) })
    return misnamed(where, yield* ask(bus, where, surveyMs), where.timeout + surveyMs)
  }).pipe(
    Effect.scoped,
    Effect.orElseSucceed(() => undefined)
  )
  return Effect.catch(command, (error) =>
    isUnavailable(error)
      ? Effect.flatMap(explained, (problem) => Effect.fail(problem ?? error))
      : Effect.fail(error)
  )
}

/** An operation of operators waits for a leader; of a group that there is not nobody ever leads. */
const isUnavailable = (error: unknown): boolean =>
  error instanceof Error &&
  "_tag" in error &&
  (error._tag === "Unavailable" || error._tag === "OperationUnfinished")
