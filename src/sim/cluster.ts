/** The nodes of a simulated cluster: the production node on each process, watched by the laws. */
import { Effect } from "effect"
import type { GroupParts } from "../actors/group/group.ts"
import type { Versioned } from "../actors/master/register.ts"
import { type NodeConfig, nodeConfig } from "../actors/node/config.ts"
import { runNode } from "../actors/node.ts"
import { noBallot, Slot } from "../protocol/ids.ts"
import type { AnyMachine } from "../protocol/learner/machine.ts"
import { countClientEntries, forEachEntry } from "../protocol/log/entry.ts"
import type { FromAcceptor, Submit } from "../protocol/messages.ts"
import { clientKinds } from "../wire/client-codec.ts"
import { kindOf } from "../wire/kind-of.ts"
import { packetCodec } from "../wire/packet.ts"
import { protocolKinds } from "../wire/protocol-codec.ts"
import type { Place } from "./bus/topology.ts"
import { ClusterGroup } from "./cluster-group.ts"
import { observed } from "./cluster-machine.ts"
import type { DiskImage } from "./disk/image.ts"
import { toldOf } from "./disk/told.ts"
import type { Law, LawBroken } from "./laws/laws.ts"
import { DiskLog } from "./oracle/disk.ts"
import { type Ledger, narrowHash } from "./oracle/ledger.ts"
import { Oracle } from "./oracle/oracle.ts"
import { Together } from "./oracle/together.ts"
import type { Program, SimProcess } from "./process.ts"

/** What a cluster is made of. */
export interface ClusterOptions {
  /** Nodes that vote, by name; the first leads at the beginning. */
  readonly acceptors: ReadonlyArray<string>
  /** Nodes that take the place of acceptors that fail. */
  readonly spares: ReadonlyArray<string>
  /** The group stops rather than go on with fewer. */
  readonly minAcceptors: number
  /** The node of the master, or the first of them; one of the acceptors, or another. */
  readonly master: string
  /** All nodes that keep the master. */
  readonly masters: ReadonlyArray<string>
  /**
   * Names of the groups that the nodes run: all have the same acceptors, and each of the first ones begins
   * with another leader.
   */
  readonly groups: ReadonlyArray<string>
  /** The machine of every group. */
  readonly machine: AnyMachine
  readonly heartbeatIntervalMs: number
  readonly leaseDurationMs: number
  readonly failureTimeoutMs: number
  readonly slowBackupMs: number
  /** Clocks of nodes may differ by this part, and faults of clocks keep to it. */
  readonly maxClockDrift: number
  readonly retransmitAfterMs: number
  readonly sessionTtlMs: number
  readonly segmentBytes: number
  readonly snapshotBytes: number
  /** The state is hashed at every slot that this divides. */
  readonly hashEverySlots: number
  readonly placeOf: (name: string) => Partial<Place>
}

/** Name of the cluster and of its first group. */
export const clusterName = "sim"
export const groupName = "main"
const dataDirectory = "/data"
const masterDirectory = `${dataDirectory}/master`

/** The disk that a master has now, and what was read of it. */
interface MasterDisk {
  readonly image: DiskImage
  readonly log: DiskLog
  readonly replica: string
}

const isAnswer = (kind: number): boolean => kind === protocolKinds.Prepared || kind === protocolKinds.Accepted

/** The names of so many groups. */
export const groupNames = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => (index === 0 ? groupName : `group${index + 1}`))

/** The same in a circle, with another one in front. */
const from = <A>(items: ReadonlyArray<A>, first: number): ReadonlyArray<A> =>
  items.map((_, index) => items[(index + first) % items.length]!)

const submitted = (oracle: Oracle, name: string, { bytes }: Submit): void => {
  const run = { first: Slot(1), count: countClientEntries(bytes) ?? 0, ballot: noBallot, atMs: 0, bytes }
  forEachEntry(run, ({ kind, session, number, command }) => {
    if (kind === "command") oracle.submitted(name, session, number, narrowHash(command, 0, command.length))
  })
}

/** A cluster of one group or several. Add its processes to the world; the oracles see all that they do. */
export class Cluster {
  readonly options: ClusterOptions
  readonly groups: ReadonlyArray<ClusterGroup>
  readonly names: ReadonlyArray<string>
  readonly processes = new Map<string, SimProcess>()
  /** What the configuration of a node says from its next life on, where that is not `leaseDurationMs`. */
  readonly leaseDurationsMs = new Map<string, number>()
  readonly #disks = new Map<string, DiskLog>()
  readonly #codec = packetCodec(clusterName)
  readonly #configs = new Map<string, NodeConfig>()
  readonly #masterDisks = new Map<string, MasterDisk>()
  readonly #together: Together | undefined

  constructor(
    options: ClusterOptions,
    ledger: Ledger,
    laws: ReadonlyArray<Law>,
    onBroken: (broken: LawBroken) => void
  ) {
    this.options = options
    const { groups, acceptors, masters } = options
    this.groups = groups.map((name, index) => {
      const oracle = new Oracle(name, ledger, laws, onBroken, groups.length > 1 ? `in ${name}: ` : "")
      oracle.minAcceptors = options.minAcceptors
      const settings = { name, acceptors: from(acceptors, index), masters: masters.length, masterDirectory }
      return new ClusterGroup(settings, oracle)
    })
    this.names = [...new Set([...acceptors, ...options.spares, ...masters])]
    this.#together = groups.length > 1 ? new Together(this.groups) : undefined
    ledger.onAcknowledged = (acknowledgement) =>
      this.group(acknowledgement.group).oracle.acknowledged(acknowledgement)
  }

  /** The group of this name; the first one where none is named. */
  group(name: string = groupName): ClusterGroup {
    const found = this.groups.find((group) => group.name === name)
    if (found === undefined) throw new Error(`the simulated cluster has no group ${name}`)
    return found
  }

  /** That of the first group: faults of all nodes that follow what a group does look at this one. */
  get oracle(): Oracle {
    return this.groups[0]!.oracle
  }

  /** The program of one life of a node. */
  program(name: string, life: number): Program {
    const {
      acceptors: _acceptors,
      spares,
      minAcceptors,
      master: _master,
      masters,
      groups: _groups,
      machine: _machine,
      placeOf: _placeOf,
      hashEverySlots: _hashEverySlots,
      ...intervals
    } = this.options
    const machines = this.groups.map((group) => this.#machineFor(group, name, life))
    const onGroup = (parts: GroupParts) => {
      const log = this.#diskOf(parts)
      this.group(parts.group).oracle.up(name, life, parts, log)
      this.#together?.up(life, log)
    }
    const index = this.names.indexOf(name)
    const leaseDurationMs = this.leaseDurationsMs.get(name) ?? intervals.leaseDurationMs
    const settings = {
      cluster: clusterName,
      node: name,
      nodes: this.names,
      data: dataDirectory,
      masters,
      // Not in the same order in every life: a group goes by its name.
      groups: from(
        this.groups.map(({ name, acceptors }, at) => ({
          name,
          machine: machines[at]!.name,
          acceptors,
          spares,
          minAcceptors
        })),
        life
      ),
      ...intervals,
      leaseDurationMs
    }
    return Effect.gen({ self: this }, function* () {
      // The same in every life but for its leases and the order of its groups, and checked when it is new.
      const key = `${name}/${leaseDurationMs}/${life % this.groups.length}`
      const config = this.#configs.get(key) ?? (yield* nodeConfig(settings))
      this.#configs.set(key, config)
      const running = yield* runNode({ config, machines, pid: 1000 * index + life, onGroup })
      return yield* running.failure
    })
  }

  /** The machine of a group on a node: of a name of its own, for a node tells machines apart by that. */
  #machineFor({ name, oracle }: ClusterGroup, node: string, life: number): AnyMachine {
    const { machine, hashEverySlots } = this.options
    const named = name === groupName ? machine : { ...machine, name: `${machine.name}-of-${name}` }
    return observed(named, hashEverySlots, (observation) => oracle.applied({ node, life, ...observation }))
  }

  /** What the register of several masters holds of the first group: a copy of it can be brought back. */
  get decided(): Versioned | undefined {
    return this.group().decided
  }

  /** Whether the disk that one of several masters has now is one of those that decide, as it says itself. */
  hasSeat(name: string): boolean {
    const known = this.#masterDisks.get(name)
    return known?.image === this.processes.get(name)!.disk.image && this.group().seated.has(known.replica)
  }

  /**
   * Gives all masters new disks, the first of them with a copy of what the register held: `isAgain` tells
   * that they have begun with this copy before. None of them may run, nor be an acceptor, and there may be
   * one group only.
   */
  bringBack(copy: Versioned, isAgain: boolean): void {
    for (const name of this.options.masters) this.processes.get(name)!.disk.wipe()
    const { image } = this.processes.get(this.options.master)!.disk
    image.makeDirectory(masterDirectory)
    this.group().bringBack(image, copy, isAgain)
  }

  #diskOf({ self }: GroupParts): DiskLog {
    return this.#diskFor(self.node, self.storage)
  }

  /** A replica's log outlives the lives of its node; another storage is another log. */
  #diskFor(node: string, storage: string): DiskLog {
    const replica = `${node}/${storage}`
    let log = this.#disks.get(replica)
    if (log === undefined) {
      log = new DiskLog(this.processes.get(node)!.disk, dataDirectory, this.options.machine)
      log.onNodeRecord = (type, body) => {
        for (const group of this.groups) group.durable(replica, type, body)
      }
      this.#disks.set(replica, log)
    }
    return log
  }

  /** To be called after each task of a node. */
  look(name: string): void {
    const isOneOfMany = this.options.masters.length > 1 && this.options.masters.includes(name)
    if (isOneOfMany) this.#lookAtRegister(name)
    for (const { oracle } of this.groups) oracle.look(name)
    this.#together?.look(name)
    if (name !== this.options.master || this.options.masters.length > 1) return
    const { disk } = this.processes.get(name)!
    for (const group of this.groups) group.lookAtMaster(disk)
  }

  /** To be called after each task: virtual time has come so far. */
  passed(nowMicros: number): void {
    for (const { oracle } of this.groups) oracle.passed(nowMicros)
  }

  /** To be called when the process of a node is gone. */
  down(name: string): void {
    for (const { oracle } of this.groups) oracle.down(name)
    this.#together?.down(name)
  }

  /** To be called when the run is over. */
  end(): void {
    for (const { oracle } of this.groups) oracle.end()
  }

  #lookAtRegister(name: string): void {
    const { disk } = this.processes.get(name)!
    let known = this.#masterDisks.get(name)
    if (known?.image !== disk.image) {
      const file = disk.durableFile(`${dataDirectory}/identity.json`)
      if (file === undefined) return
      const { storageId } = JSON.parse(new TextDecoder().decode(toldOf(file).read(0, file.sizeBytes))) as {
        readonly storageId: string
      }
      const replica = `${name}/${storageId}`
      known = { image: disk.image, log: this.#diskFor(name, storageId), replica }
      this.#masterDisks.set(name, known)
    }
    known.log.catchUp()
  }

  /** To be called for each message that a process sends. */
  sent(name: string, payload: Uint8Array): void {
    const kind = kindOf(payload)
    const isOfClient = kind === clientKinds.Submit
    if (!isOfClient && !(this.processes.has(name) && isAnswer(kind))) return
    const packet = this.#codec.decode(payload)
    if (typeof packet === "string") return
    const oracle = this.groups.find((one) => one.name === packet.group)?.oracle
    if (oracle === undefined) return
    if (isOfClient) submitted(oracle, name, packet.body as Submit)
    else oracle.answered(name, packet.body as FromAcceptor)
  }

  /** Whether each group has as many acceptors as it is to have. */
  isWhole(): boolean {
    return this.groups.every((group) => group.isWhole())
  }
}
