/**
 * Faults of the network: messages lost, doubled, late; links cut; members and the bus itself away for a
 * while.
 */
import { Effect } from "effect"
import { NodeId } from "../../protocol/ids.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { pack } from "../../runtime/codec.ts"
import { wireVersion } from "../../wire/packet.ts"
import { noSeal, seal } from "../../wire/seal.ts"
import { subjectsOf } from "../../wire/subjects.ts"
import type { SimBus } from "../bus/bus.ts"
import type { Latency } from "../bus/latency.ts"
import type { PartitionKind } from "../bus/partition.ts"
import { calm } from "../bus/settings.ts"
import { clusterName, groupName } from "../cluster.ts"
import type { CountedRandom } from "../kernel/random.ts"
import type { FaultFamily } from "./swarm.ts"

const drawLatencyKind = (random: CountedRandom): Latency =>
  random.pick<() => Latency>([
    () => ({ kind: "fixed", micros: random.range(50, 500) }),
    () => ({ kind: "uniform", minMicros: 50, maxMicros: random.range(200, 5_000) }),
    () => ({ kind: "exponential", minMicros: 50, meanMicros: random.range(100, 3_000) }),
    () => ({
      kind: "bimodal",
      minMicros: 50,
      maxMicros: 500,
      slowShare: 0.01,
      slowFactor: random.range(10, 400)
    })
  ])()

/**
 * Latency of a drawn kind, and of loss, duplication, reordering and clogging each with probability one half.
 */
export const messageFaults: FaultFamily = {
  name: "messages",
  share: 0.8,
  begin: (world) => {
    const { random, bus } = world
    const rate = (max: number) => (random.chance(0.5) ? (random.range(1, 100) / 100) * max : 0)
    bus.faults = {
      ...bus.faults,
      latency: drawLatencyKind(random),
      loss: { rate: rate(0.05) },
      duplication: { rate: rate(0.05), copiesMax: 3 },
      reordering: { rate: rate(0.05), delayMicros: { min: 100, max: 100_000 } },
      clog: { rate: rate(0.002), durationMicros: { min: 1_000, max: 2_000_000 } },
      reconnecting: { waitMicros: { min: 1_000, max: 500_000 }, lateFlush: random.chance(0.5) }
    }
    return Effect.never
  }
}

/** Members that do not keep up lose messages, or their connection. */
export const slowConsumers: FaultFamily = {
  name: "slow-consumers",
  share: 0.2,
  begin: ({ random, bus }) => {
    bus.faults = {
      ...bus.faults,
      slowConsumer: {
        ...calm.slowConsumer,
        pendingMaxCount: random.pick([4, 20, 100]),
        reaction: random.pick(["drop", "disconnect"])
      }
    }
    return Effect.never
  }
}

const oneRegion: ReadonlyArray<PartitionKind> = ["isolate", "halves", "random", "zone", "mute", "deaf"]

/** Regions part only where there are several. */
const partitionKindsOf = ({ network }: SimBus): ReadonlyArray<PartitionKind> => {
  const regions = new Set(network.endpoints().map(({ place }) => place.region))
  return regions.size > 1 ? [...oneRegion, "region"] : oneRegion
}

export const partitions: FaultFamily = {
  name: "partitions",
  share: 0.5,
  begin: ({ random, bus }) => {
    const partitionKinds = partitionKindsOf(bus)
    const chosen = partitionKinds.filter(() => random.chance(0.5))
    const kinds = chosen.length > 0 ? chosen : [random.pick(partitionKinds)]
    return bus.partitionFault({
      everyMs: random.range(500, 5_000),
      durationMs: { min: 20, max: random.range(100, 8_000) },
      kinds: kinds.map((kind) => [kind, 1] as const),
      flappingRate: 0.2,
      flapMs: random.range(20, 500)
    })
  }
}

/** Partitions that come and go, each for less than a failure takes to be noticed, or for more. */
export const flappingPartitions: FaultFamily = {
  name: "flapping-partitions",
  share: 1,
  begin: ({ random, bus }) =>
    bus.partitionFault({
      everyMs: random.range(500, 3_000),
      durationMs: { min: 500, max: 6_000 },
      kinds: partitionKindsOf(bus).map((kind) => [kind, 1] as const),
      flappingRate: 1,
      flapMs: random.range(50, 900)
    })
}

/** Links that carry one way only. */
export const asymmetricPartitions: FaultFamily = {
  name: "asymmetric-partitions",
  share: 1,
  begin: ({ random, bus }) =>
    bus.partitionFault({
      everyMs: random.range(500, 3_000),
      durationMs: { min: 300, max: 6_000 },
      kinds: [
        ["mute", 1],
        ["deaf", 1]
      ],
      flappingRate: 0.1,
      flapMs: random.range(100, 500)
    })
}

export const disconnects: FaultFamily = {
  name: "disconnects",
  share: 0.4,
  begin: ({ random, bus }) =>
    bus.disconnectFault({
      everyMs: random.range(500, 5_000),
      durationMs: { min: 10, max: random.range(100, 5_000) },
      noticeMicros: { min: 0, max: random.range(1_000, 3_000_000) }
    })
}

export const busRestarts: FaultFamily = {
  name: "bus-restarts",
  share: 0.25,
  begin: ({ random, bus }) =>
    bus.restartFault({ everyMs: random.range(2_000, 8_000), durationMs: { min: 10, max: 2_000 } })
}

/** What a node of a later version might say: another version of the wire, a kind that is not known yet. */
const foreignPacket = (random: CountedRandom, from: string): Uint8Array => {
  const isNewer = random.chance(0.5)
  const version = isNewer ? wireVersion + random.range(1, 3) : wireVersion
  const kind = isNewer ? random.range(1, 80) : random.range(200, 250)
  const fields = Array.from({ length: random.range(0, 12) }, () => random.range(0, 1_000_000))
  return seal(pack([version, noSeal, clusterName, from, "of-a-later-version", groupName, kind, ...fields]))
}

/**
 * Somebody of a later version speaks to the nodes, in the names of nodes: what they cannot read they must
 * leave alone, whatever subject it comes on.
 */
export const newerPeers: FaultFamily = {
  name: "newer-peers",
  share: 0.7,
  begin: (world) => {
    const { random } = world
    const names = world.cluster?.names ?? []
    const subjects = subjectsOf(clusterName)
    const program = Effect.gen(function* () {
      const bus = yield* Bus
      while (world.phase === "chaos") {
        yield* Effect.sleep(random.range(5, 200))
        const from = random.pick(names)
        const node = NodeId(random.pick(names))
        const { from: sends, catchUp, master } = subjects
        const places = [subjects.node(node), sends(node), catchUp(node), master(node)]
        bus.publish(random.pick(places), foreignPacket(random, from), yield* bus.newInbox)
        world.kernel.trace.strike("newer-peer", node)
      }
    })
    world.addProcess({ name: "newer", program: () => program })
    return Effect.never
  }
}
