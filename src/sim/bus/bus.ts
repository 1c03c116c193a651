/**
 * The simulated bus as a world uses it: one network, a connection for each life of a node, and its faults in
 * one place.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { Bus, type BusShape, type BusUnavailable } from "../../runtime/bus/port.ts"
import type { Kernel } from "../kernel/kernel.ts"
import type { Incarnation } from "../kernel/node.ts"
import type { TimedFault } from "../kernel/timed-fault.ts"
import { atOnce, detach, type Notice, reattach } from "./attachment.ts"
import { connect } from "./connection.ts"
import { cutOff, type DisconnectFault, disconnectFault } from "./disconnect.ts"
import { SimNetwork } from "./network.ts"
import {
  between,
  drawPartition,
  type PartitionFault,
  type PartitionKind,
  partitionFault
} from "./partition.ts"
import { restartFault, stopBus } from "./restart.ts"
import { type BusFaults, type BusOptions, calm } from "./settings.ts"
import type { Place } from "./topology.ts"

/**
 * @example
 * const kernel = new Kernel({ seed: 7 })
 * const bus = new SimBus(kernel, { faults: { ...calm, loss: { rate: 0.01 } } })
 * const life = kernel.addNode("a").boot()
 * life.start(Effect.scoped(program.pipe(Effect.provide(bus.layer(life))))) // program needs Bus
 */
export class SimBus {
  readonly network: SimNetwork

  constructor(kernel: Kernel, options: BusOptions = {}) {
    this.network = new SimNetwork(kernel, options, (network, member) => detach(network, member, atOnce))
  }

  /**
   * Says where a node stands. Before its first connection; a node never placed stands on a machine of its
   * own.
   */
  place(name: string, place: Partial<Place>): void {
    this.network.endpoint(name, place)
  }

  /** The bus for one life of a node, until the scope closes or the life is killed. */
  connect(life: Incarnation): Effect.Effect<BusShape, BusUnavailable, Scope.Scope> {
    return connect(this.network, life)
  }

  layer(life: Incarnation): Layer.Layer<Bus, BusUnavailable> {
    return Layer.effectContext(Effect.map(this.connect(life), (bus) => Context.make(Bus, bus)))
  }

  /** The faults that strike single messages from now on. */
  set faults(faults: BusFaults) {
    this.network.faults = faults
  }
  get faults(): BusFaults {
    return this.network.faults
  }

  /** Parts the named nodes from all others, both ways, until the function returned is called. */
  part(names: ReadonlyArray<string>): () => void {
    const nodes = this.network.endpoints()
    const apart = nodes.filter((node) => names.includes(node.name))
    const rest = nodes.filter((node) => !names.includes(node.name))
    this.network.noteStrike("partition", names.join())
    return this.network.partitions.sever(between(apart, rest))
  }

  /** Cuts the way from one node to another, and only that way, until the function returned is called. */
  severOneWay(from: string, to: string): () => void {
    this.network.noteStrike("partition-one-way", from, { to })
    return this.network.partitions.sever([
      [this.network.endpoint(from).index, this.network.endpoint(to).index]
    ])
  }

  /** Whether whatever two nodes say to each other arrives, and is not delayed. */
  carries(one: string, other: string): boolean {
    const { loss, clog, reordering, slowConsumer } = this.faults
    const isCalm = loss.rate === 0 && clog.rate === 0 && reordering.rate === 0
    if (!isCalm || slowConsumer !== calm.slowConsumer) return false
    const { members, partitions } = this.network
    const [{ index: from }, { index: to }] = [this.network.endpoint(one), this.network.endpoint(other)]
    if (partitions.blocks(from, to) || partitions.blocks(to, from)) return false
    const isAttached = (index: number) =>
      [...members].some(({ attached, endpoint }) => attached && endpoint.index === index)
    return isAttached(from) && isAttached(to)
  }

  /**
   * A partition of a kind among the nodes there are, with a drawn victim, until the function returned is
   * called.
   */
  partAtRandom(kind: PartitionKind): () => void {
    const { apart, links } = drawPartition(this.network.random, kind, this.network.endpoints())
    this.network.noteStrike(`partition-${kind}`, apart.join())
    return this.network.partitions.sever(links)
  }

  /** Cuts a node off from the bus until the function returned is called. */
  cutOff(name: string, notice?: Notice): () => void {
    return cutOff(this.network, name, notice)
  }

  /** Stops the bus until the function returned is called. */
  stop(): () => void {
    return stopBus(this.network)
  }

  /** Loops that strike for ever; fork them in the world, interrupt them to end the chaos. */
  partitionFault(settings: PartitionFault): Effect.Effect<never> {
    return partitionFault(this.network, settings)
  }
  disconnectFault(settings: DisconnectFault): Effect.Effect<never> {
    return disconnectFault(this.network, settings)
  }
  restartFault(settings: TimedFault): Effect.Effect<never> {
    return restartFault(this.network, settings)
  }

  /**
   * Ends every fault of the bus: messages arrive, links are whole, everybody alive is connected again soon.
   */
  heal(): void {
    const { network } = this
    network.faults = { ...calm, latency: network.faults.latency, reconnecting: network.faults.reconnecting }
    network.partitions.healAll()
    network.up = true
    for (const endpoint of network.endpoints()) endpoint.cuts = 0
    reattach(network, () => true)
  }
}
