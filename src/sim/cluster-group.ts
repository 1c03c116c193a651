/** One group of a simulated cluster: who votes in it, its oracle, and what the masters hold of it. */
import { masterFileOf, type Versioned } from "../actors/master/register.ts"
import type { Kept } from "../protocol/master/cas-paxos.ts"
import type { SimDisk } from "./disk/disk.ts"
import type { DiskImage } from "./disk/image.ts"
import type { SectorFile } from "./disk/sectors.ts"
import { toldOf } from "./disk/told.ts"
import type { Oracle } from "./oracle/oracle.ts"
import { RegisterWatch } from "./oracle/register.ts"

export interface ClusterGroupOptions {
  readonly name: string
  /** Nodes that vote, by name; the first leads at the beginning. */
  readonly acceptors: ReadonlyArray<string>
  /** How many nodes keep the master. */
  readonly masters: number
  /** Where the only master has its files. */
  readonly masterDirectory: string
}

export class ClusterGroup {
  readonly name: string
  readonly acceptors: ReadonlyArray<string>
  readonly oracle: Oracle
  readonly #masters: number
  readonly #masterFile: string
  #register: RegisterWatch
  #decided: Versioned | undefined
  /** The file of the only master that was read last. */
  #read: SectorFile | undefined

  constructor(options: ClusterGroupOptions, oracle: Oracle) {
    this.name = options.name
    this.acceptors = options.acceptors
    this.oracle = oracle
    this.#masters = options.masters
    this.#masterFile = `${options.masterDirectory}/${options.name}.json`
    this.#register = this.#watchRegister()
  }

  #watchRegister(): RegisterWatch {
    const onKept = (replica: string, kept: Kept) => this.oracle.kept(replica, kept)
    return new RegisterWatch(this.name, this.#masters, onKept, (state, version) => {
      this.#decided = { version, state }
      this.oracle.masterDecided(state)
    })
  }

  /** What the register of several masters holds: a copy of it can be brought back. */
  get decided(): Versioned | undefined {
    return this.#decided
  }

  /** Replicas whose disks decide, as they say themselves. */
  get seated(): ReadonlySet<string> {
    return this.#register.seated
  }

  /** A record of the node itself has become durable on the disk of a replica. */
  durable(replica: string, type: number, body: Uint8Array): void {
    this.#register.durable(replica, type, body)
  }

  /** The masters begin anew, the one with this disk with a copy of what the register held. */
  bringBack(image: DiskImage, copy: Versioned, isAgain: boolean): void {
    image.replace(this.#masterFile, masterFileOf(copy))
    this.#register = this.#watchRegister()
    this.oracle.broughtBack(isAgain)
  }

  /** To be called whenever the only master may have written its file. */
  lookAtMaster(disk: SimDisk): void {
    const file = disk.image.files.get(this.#masterFile)
    // Written, but in the cache of a machine whose process was killed, it may not have been written at all.
    if (file === undefined || file === this.#read || disk.durableFile(this.#masterFile) !== file) return
    this.#read = file
    this.oracle.masterWrote(toldOf(file).read(0, file.sizeBytes))
  }

  /** Whether the group has as many acceptors as it is to have. */
  isWhole(): boolean {
    return (this.oracle.master?.active?.acceptors.length ?? 0) >= this.acceptors.length
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
