/**
 * What a node is told: who it is, where its data and its bus are, which groups there are; checked field by
 * field.
 */
import { Data, Effect, Schema } from "effect"
import { segmentBytesMin } from "../../runtime/storage/wal.ts"
import { namePattern } from "../../wire/subjects.ts"

const Name = Schema.String.check(
  Schema.isPattern(namePattern, { message: "a name is 1 to 64 letters, digits, dashes or underscores" })
)
const Milliseconds = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3_600_000 }))
const MillisecondsOrNone = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3_600_000 }))
const Drift = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 0.5 }))
const Bytes = Schema.Int.check(Schema.isBetween({ minimum: 1024, maximum: 2 ** 31 }))
const SegmentBytes = Schema.Int.check(Schema.isBetween({ minimum: segmentBytesMin, maximum: 2 ** 31 }))
const Names = Schema.Array(Name).check(Schema.isMinLength(1))
const OptionalNames = Schema.Array(Name).pipe(
  Schema.withDecodingDefaultKey(Effect.succeed([] as ReadonlyArray<string>))
)
const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))

const GroupFields = Schema.Struct({
  name: Name,
  /** Which state machine the group replicates. */
  machine: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("kv"))),
  /** Nodes that vote at first. The first one leads at the beginning. */
  acceptors: Names,
  /** Nodes that apply what is chosen, and take the place of an acceptor that fails. */
  spares: OptionalNames,
  /** Nodes that apply what is chosen, and never vote. */
  learners: OptionalNames,
  /** How many acceptors the group is to have. Default: as many as `acceptors` names. */
  size: Schema.optionalKey(Count),
  /**
   * It never goes on with fewer acceptors than these, and stops instead: what was acknowledged is on so many
   * disks at least. It counts when the group is begun. Default 1.
   */
  minAcceptors: Count.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1)))
})

/** The configuration of one node. Every field but the first four has a default that does for one machine. */
export const NodeConfig = Schema.Struct({
  /** Name of the cluster. A data directory belongs to one for ever. */
  cluster: Name,
  /** Name of this node. */
  node: Name,
  /** Names of all nodes, this one included. */
  nodes: Names,
  /** Directory of the log; made where it is absent. */
  data: Schema.String.check(Schema.isMinLength(1)),
  /** NATS servers, `host:port` each. */
  servers: Schema.Array(Schema.String.check(Schema.isMinLength(1))).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(["127.0.0.1:4222"]))
  ),
  /**
   * Nodes that keep the master: one, or three or five of which a majority must run for anything to change.
   * Default: the first three of `nodes`, or the first where there are fewer.
   */
  masters: Schema.optionalKey(Names),
  /** Another word for `masters` with one name. */
  master: Schema.optionalKey(Name),
  /** At least one. Default: `main` of all nodes. */
  groups: Schema.Array(GroupFields).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed([] as ReadonlyArray<typeof GroupFields.Encoded>))
  ),
  /** A backup for which every write waits this long, while the others keep up, is taken out. Default 1000. */
  slowBackupMs: Milliseconds.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1000))),
  /** How often a node, and a leader with nothing to say, is heard of. Default 50. */
  heartbeatIntervalMs: Milliseconds.pipe(Schema.withDecodingDefaultKey(Effect.succeed(50))),
  /**
   * How long an acceptor that answers a leader promises to answer nobody else, and a leader that all have
   * answered reads without asking. More than two heartbeats; 0: no leases, reads take a round. Default 200.
   */
  leaseDurationMs: MillisecondsOrNone.pipe(Schema.withDecodingDefaultKey(Effect.succeed(200))),
  /** After how long without a sign of it a node is suspected. More than a lease. Default 250. */
  failureTimeoutMs: Milliseconds.pipe(Schema.withDecodingDefaultKey(Effect.succeed(250))),
  /**
   * By what part the clocks of two nodes may run at different speed; leases are only as good as this is true.
   * Default 0.01, twenty times what a clock on the net is corrected by.
   */
  maxClockDrift: Drift.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0.01))),
  /** After how long without progress a leader sends again. Default 100. */
  retransmitAfterMs: Milliseconds.pipe(Schema.withDecodingDefaultKey(Effect.succeed(100))),
  /** After how long without a sign of it, in time of the log, a session is forgotten. Default 60,000. */
  sessionTtlMs: Milliseconds.pipe(Schema.withDecodingDefaultKey(Effect.succeed(60_000))),
  /**
   * Size of a file of the log, written in advance; it counts when the directory is formatted. Default 64 MiB.
   */
  segmentBytes: SegmentBytes.pipe(Schema.withDecodingDefaultKey(Effect.succeed(64 * 1024 * 1024))),
  /**
   * A group makes a snapshot when its log has grown by so much, and by twice what its last one takes; then
   * the log is cut. Default 32 MiB.
   */
  snapshotBytes: Bytes.pipe(Schema.withDecodingDefaultKey(Effect.succeed(32 * 1024 * 1024)))
})
export type NodeConfig = typeof NodeConfig.Type
export type GroupConfig = typeof GroupFields.Type

/** A configuration that cannot be used; `problem` names the field. */
export class ConfigInvalid extends Data.TaggedError("ConfigInvalid")<{ readonly problem: string }> {
  override get message(): string {
    return `the configuration cannot be used: ${this.problem}`
  }
}

const decode = Schema.decodeUnknownEffect(NodeConfig)

/**
 * Checks a configuration, wherever it is from, and fills in what was left out. Fails with `ConfigInvalid`,
 * whose
 * `problem` names the field.
 *
 * @example
 * ```ts
 * const config = yield* nodeConfig({
 *   cluster: "shop", node: "n1", nodes: ["n1", "n2", "n3"], data: "data/n1", heartbeatIntervalMs: 20
 * })
 * ```
 */
export const nodeConfig = Effect.fnUntraced(function* (
  input: unknown
): Effect.fn.Return<NodeConfig, ConfigInvalid> {
  const config = yield* decode(input, { onExcessProperty: "error" }).pipe(
    Effect.mapError((error) => new ConfigInvalid({ problem: error.message }))
  )
  // Where the field is left out, the default of the schema is no group at all.
  if (config.groups.length === 0 && Object.hasOwn(input as object, "groups"))
    return yield* new ConfigInvalid({
      problem: `"groups" names no group: leave it out for one, "main", of all nodes`
    })
  const groups =
    config.groups.length > 0
      ? config.groups
      : [{ name: "main", machine: "kv", acceptors: config.nodes, spares: [], learners: [], minAcceptors: 1 }]
  const problem = firstProblem({ ...config, groups })
  if (problem !== undefined) return yield* new ConfigInvalid({ problem })
  return { ...config, groups }
})

const firstProblem = (config: NodeConfig): string | undefined => {
  const known = new Set(config.nodes)
  if (known.size < config.nodes.length) return `"nodes" names a node twice: ${config.nodes.join(", ")}`
  if (!known.has(config.node))
    return `"node" is ${config.node}, which is not among "nodes": ${config.nodes.join(", ")}`
  const unusable = dataProblem(config.data)
  if (unusable !== undefined) return unusable
  const masterless = mastersProblem(config, known)
  if (masterless !== undefined) return masterless
  const late = intervalProblem(config)
  if (late !== undefined) return late
  const names = config.groups.map((group) => group.name)
  if (new Set(names).size < names.length) return `"groups" names a group twice: ${names.join(", ")}`
  for (const group of config.groups) {
    const problem = groupProblem(group, known)
    if (problem !== undefined) return `"groups": group ${group.name}: ${problem}`
  }
  return undefined
}

/** What a path may have at most, on Linux with room for the names of our own files, and one part of it. */
const dataMaxBytes = 3800
const partMaxBytes = 255

/**
 * A path that no system takes would fail in the midst of the start, and none of its errors names the field.
 */
const dataProblem = (data: string): string | undefined => {
  if (data.includes("\0")) return `"data" holds a NUL character, and no path can`
  const bytesIn = (text: string): number => new TextEncoder().encode(text).length
  const whole = bytesIn(data)
  if (whole > dataMaxBytes) return `"data" has ${whole} bytes; give a path of ${dataMaxBytes} at most`
  const part = data.split("/").find((name) => bytesIn(name) > partMaxBytes)
  if (part === undefined) return undefined
  return `"data" has a name of ${bytesIn(part)} bytes in it; give names of ${partMaxBytes} at most`
}

/** The nodes that keep the master. */
export const mastersOf = ({ masters, master, nodes }: NodeConfig): ReadonlyArray<string> =>
  masters ?? (master === undefined ? nodes.slice(0, nodes.length < 3 ? 1 : 3) : [master])

const mastersProblem = (config: NodeConfig, known: ReadonlySet<string>): string | undefined => {
  if (config.masters !== undefined && config.master !== undefined)
    return `"masters" and "master" are two words for one thing: leave "master" out`
  const field = config.masters === undefined ? "master" : "masters"
  const masters = mastersOf(config)
  const stranger = masters.find((name) => !known.has(name))
  if (stranger !== undefined) return `"${field}" is ${masters.join(", ")}, and ${stranger} is no known node`
  if (new Set(masters).size < masters.length) return `"masters" names a node twice: ${masters.join(", ")}`
  if (![1, 3, 5].includes(masters.length))
    return `"masters" names ${masters.length} nodes, and there must be 1, 3 or 5 of them`
  return undefined
}

const groupProblem = (group: GroupConfig, known: ReadonlySet<string>): string | undefined => {
  const { acceptors, spares, learners, minAcceptors } = group
  const kinds = { acceptor: acceptors, spare: spares, learner: learners }
  const taken = new Map<string, string>()
  for (const [kind, names] of Object.entries(kinds)) {
    for (const name of names) {
      if (!known.has(name)) return `its ${kind} ${name} is not among "nodes": ${[...known].join(", ")}`
      const other = taken.get(name)
      if (other === kind) return `its ${kind} ${name} is named twice`
      if (other !== undefined) return `${name} cannot be its ${other} and its ${kind}`
      taken.set(name, kind)
    }
  }
  const size = sizeOf(group)
  const most = acceptors.length + spares.length
  if (size > most) return `its size is ${size}, but it has only ${most} acceptors and spares`
  if (minAcceptors > size) return `its minAcceptors is ${minAcceptors}, more than its size of ${size}`
  if (minAcceptors > acceptors.length)
    return `its minAcceptors is ${minAcceptors}, but it begins with ${acceptors.length} acceptors`
  return undefined
}

/** How many acceptors a group is to have. */
export const sizeOf = ({ size, acceptors }: GroupConfig): number => size ?? acceptors.length

/** Everybody who keeps a group's log, whether it votes or not. */
export const holdersOf = ({ acceptors, spares, learners }: GroupConfig): ReadonlyArray<string> => [
  ...acceptors,
  ...spares,
  ...learners
]

/**
 * A lease must outlast a lost heartbeat, and nobody is to be suspected while a lease granted to it may still
 * run: a candidate would only wait (section 6 of the protocol).
 */
const intervalProblem = (config: NodeConfig): string | undefined => {
  const { heartbeatIntervalMs, leaseDurationMs, failureTimeoutMs } = config
  if (failureTimeoutMs <= 2 * heartbeatIntervalMs) {
    const least = `more than two of "heartbeatIntervalMs", which is ${heartbeatIntervalMs}`
    return `"failureTimeoutMs" is ${failureTimeoutMs}, and must be ${least}`
  }
  if (leaseDurationMs === 0) return undefined
  if (leaseDurationMs <= 2 * heartbeatIntervalMs) {
    const least = `more than two of "heartbeatIntervalMs", which is ${heartbeatIntervalMs}`
    return `"leaseDurationMs" is ${leaseDurationMs}, and must be ${least}`
  }
  if (failureTimeoutMs <= leaseDurationMs) {
    const least = `more than "leaseDurationMs", which is ${leaseDurationMs}`
    return `"failureTimeoutMs" is ${failureTimeoutMs}, and must be ${least}`
  }
  return undefined
}
