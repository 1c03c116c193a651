/** What a simulation is made of, and how the cluster of one run is drawn from it. */
import { kvMachine } from "../machines/kv.ts"
import type { AnyMachine } from "../protocol/learner/machine.ts"
import { cloudDistances, type Distances } from "./bus/topology.ts"
import { type ClusterOptions, groupNames } from "./cluster.ts"
import type { Span } from "./kernel/timed-fault.ts"
import { drawSpan } from "./kernel/timed-fault.ts"
import type { Law } from "./laws/laws.ts"
import { expectCount, expectOneOf, expectShare, expectSpan } from "./refuse.ts"
import type { FaultFamily } from "./swarm/swarm.ts"
import type { WorkloadMaker } from "./workload/client.ts"
import type { World } from "./world.ts"

/** Sizes of a cluster; what is a range is drawn for each seed. */
export interface ClusterShape {
  readonly acceptors: Span
  /** Nodes that take the place of acceptors that fail. Default: none. */
  readonly spares?: Span
  /** Groups have a `minAcceptors` above 1, and stop rather than go on with fewer. Default false: 1. */
  readonly atLeast?: boolean
  /** Probability that the master is on a node of its own. */
  readonly masterApart: number
  /**
   * How many groups the nodes run, each with all acceptors, and led by another one at first. Default: one.
   */
  readonly groups?: number
  /** How many acceptors keep the master: so many, or one; `either` is drawn. Default: one. */
  readonly masters?: 1 | 3 | "either"
  /** Three masters are on nodes of their own, which never vote. Default false. */
  readonly mastersApart?: boolean
  /** The only master is the first acceptor. Default false: any. */
  readonly masterFirst?: boolean
  readonly machine?: AnyMachine
  /** Nodes suspect nobody for as long as a run lasts: the faults alone decide who asks for the lead. */
  readonly patient?: boolean
  /** Without leases nobody waits for one: for faults in an order that a wait would upset. Default true. */
  readonly leases?: boolean
  /** After how long in silence sessions end, in milliseconds. Default: drawn. */
  readonly sessionTtlMs?: number
  /**
   * True: snapshots are made all the time, and segments are so small that some are removed. False: none are.
   */
  readonly snapshots?: boolean
  /** Size of a file of the log, where that is not to be drawn. */
  readonly segmentBytes?: number
  /**
   * Each node stands in another region than its neighbours, so many milliseconds away from those of other
   * regions, one way; beats are slow enough for that. Default: where nodes stand is drawn.
   */
  readonly farMs?: Span
}

/** Everything that a simulation is made of. */
export interface SimulationSpec {
  readonly name: string
  readonly about: string
  readonly cluster: ClusterShape | undefined
  readonly setups: ReadonlyArray<(world: World) => unknown>
  readonly workloads: ReadonlyArray<WorkloadMaker>
  readonly families: ReadonlyArray<FaultFamily>
  readonly laws: ReadonlyArray<Law>
  readonly chaosMs: Span
  /** 0: it need not work again. */
  readonly recoverMs: number
  readonly expectsDamage: boolean
  readonly expectsDefects: boolean
  /** Whose assertions are demanded of it beside its own. */
  readonly reaches: ReadonlyArray<string>
}

/** Throws where no cluster can have this shape. */
export const expectShape = (name: string, shape: ClusterShape): void => {
  const of = (field: string) => `cluster: \`${field}\` of ${name}`
  const { acceptors, spares, masterApart, groups, masters, sessionTtlMs, segmentBytes } = shape
  expectSpan(of("acceptors"), acceptors, 1)
  if (spares !== undefined) expectSpan(of("spares"), spares)
  expectShare(of("masterApart"), masterApart)
  expectOneOf(of("masters"), masters, [1, 3, "either"])
  for (const [field, count] of Object.entries({ groups, sessionTtlMs, segmentBytes }))
    if (count !== undefined) expectCount(of(field), count, 1)
}

const foreverMs = 3_600_000
const zones = ["a", "b", "c"]
/** The first is where everybody stands who is placed nowhere, such as clients. */
const twoRegions = ["region", "far"]
const threeRegions = [...twoRegions, "farther"]
/** What nodes that are far apart beat by: several round trips fit into a lease. */
const farHeartbeatMs = 200

const drawMasters = (
  random: World["random"],
  { masters, mastersApart, masterFirst }: ClusterShape,
  acceptors: ReadonlyArray<string>,
  only: string
): ReadonlyArray<string> => {
  if (masterFirst === true) return [acceptors[0]!]
  const areSeveral = masters === 3 || (masters === "either" && random.chance(0.5))
  if (!areSeveral) return [only]
  if (mastersApart === true) return ["m1", "m2", "m3"]
  return acceptors.length >= 3 ? acceptors.slice(0, 3) : [acceptors[0]!]
}

/** So many as drawn, or as there may be; never fewer than the shape has. */
const capped = (random: World["random"], span: Span | undefined, most: number): number =>
  span === undefined ? 0 : Math.min(drawSpan(random, span), Math.max(span.min, most))

/** What a shape says itself is drawn all the same: what comes after it does not depend on that. */
const overruled = <A>(drawn: A, said: A | undefined): A => said ?? drawn

const heartbeatOf = ({ farMs }: ClusterShape): number | undefined =>
  farMs === undefined ? undefined : farHeartbeatMs

/** How far apart the nodes of such a cluster are, where they are not in one place. */
export const distancesOf = (shape: ClusterShape | undefined): Distances => {
  const farMs = shape?.farMs
  if (farMs === undefined) return cloudDistances
  return { ...cloudDistances, acrossMicros: { min: 1000 * farMs.min, max: 1000 * farMs.max } }
}

/** Draws the cluster of a run, of `nodesMax` acceptors and spares where the shape can do with so few. */
export const drawCluster = (
  world: World,
  shape: ClusterShape,
  nodesMax = Number.POSITIVE_INFINITY
): ClusterOptions => {
  const { random } = world
  const count = capped(random, shape.acceptors, nodesMax)
  const acceptors = Array.from({ length: count }, (_, index) => `n${index + 1}`)
  const apart = random.chance(shape.masterApart) ? "master" : random.pick(acceptors)
  const masters = drawMasters(random, shape, acceptors, apart)
  const master = masters[0]!
  const spareCount = capped(random, shape.spares, nodesMax - count)
  const spares = Array.from({ length: spareCount }, (_, index) => `s${index + 1}`)
  const names = [...acceptors, ...spares, ...masters]
  const minAcceptors = shape.atLeast === true ? random.range(Math.min(2, count), count) : 1
  const heartbeatIntervalMs = overruled(random.pick([50, 100, farHeartbeatMs]), heartbeatOf(shape))
  // Whoever spreads a group over regions sets its intervals by their distance.
  const isSpread = heartbeatIntervalMs === farHeartbeatMs && (random.chance(0.5) || shape.farMs !== undefined)
  const regions = shape.farMs === undefined ? twoRegions : threeRegions
  return {
    acceptors,
    spares,
    minAcceptors,
    master,
    masters,
    groups: groupNames(shape.groups ?? 1),
    machine: shape.machine ?? (kvMachine as unknown as AnyMachine),
    heartbeatIntervalMs,
    leaseDurationMs: shape.leases === false ? 0 : 4 * heartbeatIntervalMs,
    failureTimeoutMs: shape.patient === true ? foreverMs : 5 * heartbeatIntervalMs,
    slowBackupMs: shape.patient === true ? foreverMs : 20 * heartbeatIntervalMs,
    maxClockDrift: random.pick([0.01, 0.1, 0.3]),
    retransmitAfterMs: 2 * heartbeatIntervalMs,
    sessionTtlMs: overruled(random.pick([5_000, 60_000]), shape.sessionTtlMs),
    segmentBytes:
      shape.segmentBytes ?? (shape.snapshots === true ? 3 << 15 : random.pick([1 << 18, 1 << 19])),
    snapshotBytes:
      shape.snapshots === true
        ? random.range(1024, 2048)
        : shape.snapshots === false
          ? 1 << 25
          : random.pick([4096, 1 << 15, 1 << 25]),
    hashEverySlots: shape.snapshots === true ? 1 : 32,
    placeOf: (name) => ({
      machine: `machine-${name}`,
      zone: zones[names.indexOf(name) % zones.length]!,
      region: regions[isSpread ? names.indexOf(name) % regions.length : 0]!
    })
  }
}
