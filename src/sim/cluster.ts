/** The nodes of a simulated cluster: the production node on each process, watched by the laws. */
import { Effect } from "effect"
import type { GroupParts } from "../actors/group/group.ts"
import { masterFileOf, type Versioned } from "../actors/master/register.ts"
import { type NodeConfig, nodeConfig } from "../actors/node/config.ts"
import { runNode } from "../actors/node.ts"
import type { AnyMachine } from "../protocol/learner/machine.ts"
import type { FromAcceptor } from "../protocol/messages.ts"
import { kindOf } from "../wire/kind-of.ts"
import { packetCodec } from "../wire/packet.ts"
import { protocolKinds } from "../wire/protocol-codec.ts"
import type { Place } from "./bus/topology.ts"
import { observed } from "./cluster-machine.ts"
import type { DiskImage } from "./disk/image.ts"
import type { SectorFile } from "./disk/sectors.ts"
import { toldOf } from "./disk/told.ts"
import type { Law, LawBroken } from "./laws/laws.ts"
import { DiskLog } from "./oracle/disk.ts"
import type { Ledger } from "./oracle/ledger.ts"
import { Oracle } from "./oracle/oracle.ts"
import { RegisterWatch } from "./oracle/register.ts"
import type { Program, SimProcess } from "./process.ts"

/** What a cluster is made of. */
export interface ClusterOptions {
  /** Nodes that vote, by name; the first leads at the beginning. */
  readonly acceptors: ReadonlyArray<string>
  /** Nodes that take the place of acceptors that fail. */
  readonly spares: ReadonlyArray<string>
  /** The node of the master, or the first of them; one of the acceptors, or another. */
  readonly master: string
  /** All nodes that keep the master. */
  readonly masters: ReadonlyArray<string>
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

/** Name of the cluster and of its group. */
export const clusterName = "sim"
export const groupName = "main"
const dataDirectory = "/data"
const masterDirectory = `${dataDirectory}/master`
const masterFile = `${masterDirectory}/${groupName}.json`

/** The disk that a master has now, and what was read of it. */
interface MasterDisk {
  readonly image: DiskImage
  readonly log: DiskLog
  readonly replica: string
}

const isAnswer = (kind: number): boolean => kind === protocolKinds.Prepared || kind === protocolKinds.Accepted

/** A cluster of one group. Add its processes to the world; the oracle sees all that they do. */
export class Cluster {
  readonly options: ClusterOptions
  readonly oracle: Oracle
  readonly names: ReadonlyArray<string>
  readonly processes = new Map<string, SimProcess>()
  /** What the configuration of a node says from its next life on, where that is not `leaseDurationMs`. */
  readonly leaseDurationsMs = new Map<string, number>()
  readonly #disks = new Map<string, DiskLog>()
  readonly #codec = packetCodec(clusterName)
  readonly #configs = new Map<string, NodeConfig>()
  readonly #masterDisks = new Map<string, MasterDisk>()
  #register: RegisterWatch
  #decided: Versioned | undefined
  #masterFile: SectorFile | undefined

  constructor(
    options: ClusterOptions,
    ledger: Ledger,
    laws: ReadonlyArray<Law>,
    onBroken: (broken: LawBroken) => void
  ) {
    this.options = options
    this.oracle = new Oracle(groupName, ledger, laws, onBroken)
    this.names = [...new Set([...options.acceptors, ...options.spares, ...options.masters])]
    this.#register = this.#watchRegister()
    ledger.onAcknowledged = (acknowledgement) => this.oracle.acknowledged(acknowledgement)
  }

  /** The program of one life of a node. */
  program(name: string, life: number): Program {
    const {
      acceptors,
      spares,
      master: _master,
      masters,
      machine: _machine,
      placeOf: _placeOf,
      hashEverySlots,
      ...intervals
    } = this.options
    const machine = observed(this.options.machine, hashEverySlots, (observation) =>
      this.oracle.applied({ node: name, life, ...observation })
    )
    const onGroup = (parts: GroupParts) => this.oracle.up(name, life, parts, this.#diskOf(parts))
    const index = this.names.indexOf(name)
    const leaseDurationMs = this.leaseDurationsMs.get(name) ?? intervals.leaseDurationMs
    const settings = {
      cluster: clusterName,
      node: name,
      nodes: this.names,
      data: dataDirectory,
      masters,
      groups: [{ name: groupName, machine: machine.name, acceptors, spares }],
      ...intervals,
      leaseDurationMs
    }
    return Effect.gen({ self: this }, function* () {
      // The same in every life but for its leases, and checked when it is new.
      const key = `${name}/${leaseDurationMs}`
      const config = this.#configs.get(key) ?? (yield* nodeConfig(settings))
      this.#configs.set(key, config)
      const running = yield* runNode({ config, machines: [machine], pid: 1000 * index + life, onGroup })
      return yield* running.failure
    })
  }

  #watchRegister(): RegisterWatch {
    return new RegisterWatch(groupName, this.options.masters.length, (state, version) => {
      this.#decided = { version, state }
      this.oracle.masterDecided(state)
    })
  }

  /** What the register of several masters holds: a copy of it can be brought back. */
  get decided(): Versioned | undefined {
    return this.#decided
  }

  /** Whether the disk that one of several masters has now is one of those that decide, as it says itself. */
  hasSeat(name: string): boolean {
    const known = this.#masterDisks.get(name)
    return known?.image === this.processes.get(name)!.disk.image && this.#register.seated.has(known.replica)
  }

  /**
   * Gives all masters new disks, the first of them with a copy of what the register held: `isAgain` tells
   * that they have begun with this copy before. None of them may run, nor be an acceptor.
   */
  bringBack(copy: Versioned, isAgain: boolean): void {
    for (const name of this.options.masters) this.processes.get(name)!.disk.wipe()
    const { image } = this.processes.get(this.options.master)!.disk
    image.makeDirectory(masterDirectory)
    image.replace(masterFile, masterFileOf(copy))
    this.#register = this.#watchRegister()
    this.oracle.broughtBack(isAgain)
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
      log.onNodeRecord = (type, body) => this.#register.durable(replica, type, body)
      this.#disks.set(replica, log)
    }
    return log
  }

  /** To be called after each task of a node. */
  look(name: string): void {
    const isOneOfMany = this.options.masters.length > 1 && this.options.masters.includes(name)
    if (isOneOfMany) this.#lookAtRegister(name)
    this.oracle.look(name)
    if (name !== this.options.master || this.options.masters.length > 1) return
    const { disk } = this.processes.get(name)!
    const file = disk.image.files.get(masterFile)
    // Written, but in the cache of a machine whose process was killed, it may not have been written at all.
    if (file === undefined || file === this.#masterFile || disk.durableFile(masterFile) !== file) return
    this.#masterFile = file
    this.oracle.masterWrote(toldOf(file).read(0, file.sizeBytes))
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

  /** To be called for each message that a node sends. */
  sent(name: string, payload: Uint8Array): void {
    if (!this.processes.has(name) || !isAnswer(kindOf(payload))) return
    const packet = this.#codec.decode(payload)
    if (typeof packet !== "string") this.oracle.answered(name, packet.body as FromAcceptor)
  }

  /** Whether the group has as many acceptors as it is to have. */
  isWhole(): boolean {
    const { oracle, options } = this
    return (oracle.master?.active?.acceptors.length ?? 0) >= options.acceptors.length
  }

  /** Whether every acceptor of the active configuration runs and has applied all that is chosen. */
  hasConverged(): boolean {
    const { oracle } = this
    const acceptors = oracle.master?.active?.acceptors ?? []
    return (
      acceptors.length > 0 &&
      acceptors.every(({ node, storage }) => {
        const of = oracle.running.get(node)
        return of?.replica === `${node}/${storage}` && of.parts.replica.applied === oracle.chosenThrough
      })
    )
  }
}
