/** `aplomb status`: which nodes answer, who leads each group, and how far everybody is. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { type GroupSeen, type NodeSeen, surveyNodes } from "../client/discover.ts"
import type { Configuration } from "../protocol/configuration.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { busWaitMs, connectBus, noNode } from "./bus.ts"
import { clusterFlags, jsonFlag, timeoutFlag } from "./flags.ts"
import { type MastersShown, mastersLine, mastersShown } from "./masters-shown.ts"
import { print, printJson, table } from "./output.ts"
import { activeByGroup, strandedLines } from "./stranded.ts"
import { strangersAmong, strangersLine } from "./strangers.ts"

export interface NodeShown {
  readonly id: string
  /** `running`, or `silent` for a node that others know of and that did not answer. */
  readonly state: string
  readonly pid?: number
  readonly memoryBytes?: number
  /** By how much its event loop was late lately, at worst, in milliseconds. */
  readonly lagMs?: number
  /** How often it has asked a master since it started: to change something, and to look. */
  readonly masterRequests?: NonNullable<NodeSeen["masterRequests"]>
  /** The other nodes, as this one sees them. */
  readonly peers?: NonNullable<NodeSeen["peers"]>
}

export interface GroupShown {
  readonly group: string
  /** Of the newest configuration that any node has heard of; absent where none has. */
  readonly ballot: number | null
  readonly generation: number | null
  readonly leader: string | null
  readonly acceptors: ReadonlyArray<string>
  /** Whether the leader takes commands. */
  readonly serving: boolean
  readonly chosen: number
  /** The last slot applied, by node. */
  readonly applied: Readonly<Record<string, number>>
  /** Nodes that apply without voting. */
  readonly learners: ReadonlyArray<string>
  /** How many acceptors it is to have; 0 where nobody told. */
  readonly size: number
  /** `leader`, `acceptor`, `spare` or `learner`, by node. */
  readonly roles: Readonly<Record<string, string>>
  /** Why it cannot go on, and what to do, where all its acceptors came back with other disks; else absent. */
  readonly stranded?: string
}

export interface ClusterShown {
  readonly cluster: string
  readonly nodes: ReadonlyArray<NodeShown>
  readonly masters: MastersShown
  readonly groups: ReadonlyArray<GroupShown>
  /** The nodes of each cluster, where several use the name; else absent. */
  readonly clusters?: ReadonlyArray<ReadonlyArray<string>>
}

/** Every node that anybody who answered knows of. */
const knownNodes = (seen: Iterable<NodeSeen>): ReadonlySet<string> => {
  const known = new Set<string>()
  for (const { id, nodes = [], groups } of seen) {
    for (const name of [id, ...nodes]) known.add(name)
    for (const { configuration } of groups) for (const name of configuration?.acceptors ?? []) known.add(name)
  }
  return known
}

const newest = (
  copies: ReadonlyArray<GroupSeen>,
  active: Configuration | undefined
): GroupSeen["configuration"] =>
  [
    ...copies.flatMap(({ configuration }) => (configuration === undefined ? [] : [configuration])),
    ...(active === undefined ? [] : [named(active)])
  ].sort((a, b) => b.ballot - a.ballot || b.generation - a.generation)[0]

const named = ({ ballot, generation, leader, acceptors }: Configuration) => ({
  ballot,
  generation,
  leader: leader.node,
  acceptors: acceptors.map(({ node }) => node)
})

const groupShown = (
  group: string,
  seen: ReadonlyArray<NodeSeen>,
  active: Configuration | undefined
): Omit<GroupShown, "stranded"> => {
  const holders = seen.flatMap(({ id, groups }) =>
    groups.filter((copy) => copy.group === group).map((copy) => ({ id, copy }))
  )
  const configuration = newest(
    holders.map(({ copy }) => copy),
    active
  )
  const leading = holders.find(({ id }) => id === configuration?.leader)
  return {
    group,
    ballot: configuration?.ballot ?? null,
    generation: configuration?.generation ?? null,
    leader: configuration?.leader ?? null,
    acceptors: configuration?.acceptors ?? [],
    serving: leading?.copy.phase === "Serving",
    chosen: Math.max(0, ...holders.map(({ copy }) => copy.chosen)),
    applied: Object.fromEntries(holders.map(({ id, copy }) => [id, copy.applied])),
    learners: holders.filter(({ copy }) => copy.phase === "Learning").map(({ id }) => id),
    size: Math.max(0, ...holders.map(({ copy }) => copy.size ?? 0)),
    roles: Object.fromEntries(holders.map(({ id, copy }) => [id, copy.role ?? "unknown"]))
  }
}

/** What the answers come to. */
export const clusterShown = (cluster: string, seen: ReadonlyArray<NodeSeen>): ClusterShown => {
  const byName = new Map(seen.map((node) => [node.id, node]))
  const groups = [...new Set(seen.flatMap((node) => node.groups.map(({ group }) => group)))].sort()
  const nodes = [...knownNodes(seen)].sort().map((id): NodeShown => {
    const node = byName.get(id)
    if (node === undefined) return { id, state: "silent" }
    const { pid, state, memoryBytes, lagMs, peers, masterRequests } = node
    return {
      id,
      state,
      pid,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(lagMs === undefined ? {} : { lagMs }),
      ...(masterRequests === undefined ? {} : { masterRequests }),
      ...(peers === undefined ? {} : { peers })
    }
  })
  const clusters = strangersAmong(seen)
  const active = activeByGroup(seen)
  const stranded = strandedLines(seen, active)
  return {
    cluster,
    nodes,
    masters: mastersShown(seen),
    groups: groups.map((group) => {
      const why = stranded.get(group)
      return {
        ...groupShown(group, seen, active.get(group)),
        ...(why === undefined ? {} : { stranded: why })
      }
    }),
    ...(clusters.length === 0 ? {} : { clusters })
  }
}

const asText = ({ cluster, nodes, masters, groups, clusters = [] }: ClusterShown): string => {
  const nodeRows = nodes.map(({ id, state, pid, memoryBytes }) => [
    id,
    state,
    pid === undefined ? "-" : String(pid),
    memoryBytes === undefined ? "-" : `${Math.round(memoryBytes / 1024 / 1024)} MiB`
  ])
  const groupRows = groups.map((group) => [
    group.group,
    group.leader === null ? "none" : `${group.leader}${group.serving ? "" : " (not serving)"}`,
    group.ballot === null ? "-" : `${group.ballot}.${group.generation}`,
    group.acceptors.join(",") || "-",
    String(group.chosen),
    Object.entries(group.applied)
      .map(
        ([node, slot]) => `${node}:${slot}${group.learners.includes(node) ? ` (${group.roles[node]})` : ""}`
      )
      .join(" ")
  ])
  const stranded = groups.map((group) => group.stranded)
  const warnings = [strangersLine(clusters), mastersLine(masters), ...stranded].filter(
    (line) => line !== undefined
  )
  return [
    `cluster ${cluster}`,
    ...warnings,
    "",
    table([["NODE", "STATE", "PID", "MEMORY"], ...nodeRows]),
    "",
    table([["GROUP", "LEADER", "BALLOT", "ACCEPTORS", "CHOSEN", "APPLIED"], ...groupRows])
  ].join("\n")
}

const defaultTimeoutMs = 1000

export const statusCommand = Command.make(
  "status",
  { ...clusterFlags, timeout: timeoutFlag(defaultTimeoutMs), json: jsonFlag },
  Effect.fnUntraced(function* ({ servers, cluster, timeout, json }) {
    const bus = yield* connectBus({ servers, name: "aplomb status", waitMs: busWaitMs(timeout + 2000) })
    const isComplete = (seen: ReadonlyMap<string, NodeSeen>) =>
      seen.size > 0 && [...knownNodes(seen.values())].every((name) => seen.has(name))
    const seen = yield* surveyNodes(bus, subjectsOf(cluster), timeout, isComplete)
    if (seen.length === 0) return yield* noNode(cluster, servers, timeout)
    const shown = clusterShown(cluster, seen)
    yield* json ? printJson(shown) : print(asText(shown))
  }, Effect.scoped)
).pipe(Command.withDescription("Show the nodes and the groups of a cluster"))
