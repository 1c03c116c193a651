/** Snapshots as a disk holds them, read past the node's own memory. */
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { RestoredReplica } from "../../protocol/learner/snapshot.ts"
import { pack, unpack } from "../../runtime/codec.ts"
import { BlockReader } from "../../runtime/storage/blocks.ts"
import type { DiskImage } from "../disk/image.ts"
import type { SectorFile } from "../disk/sectors.ts"
import { toldOf } from "../disk/told.ts"
import { stateHash } from "./ledger.ts"

/** A whole, sound snapshot. */
export interface SnapshotOnDisk {
  readonly slot: number
  readonly ballot: number
  /** Hash of the machine's state, as of what replicas apply. */
  readonly state: number
}

const readSnapshot = (bytes: Uint8Array, machine: AnyMachine): SnapshotOnDisk | undefined => {
  const restored = new RestoredReplica(machine)
  const blocks = new BlockReader((content) => restored.add(unpack(content)))
  const problem = blocks.push(bytes)
  const { head, replica } = restored
  if (problem !== undefined || !blocks.ended || head === undefined || replica === undefined) return undefined
  const state = stateHash(pack(machine.forms.state.encode(replica.machine)))
  return { slot: head.slot, ballot: head.ballot, state }
}

/** A file that was read, and what it said. */
interface Read {
  readonly bytes: Uint8Array
  readonly machine: AnyMachine
  readonly snapshot: SnapshotOnDisk | undefined
}

/** The files read last: replicas make the same snapshots, byte for byte, and one look is enough for all. */
const lately: Array<Read> = []
const latelyMax = 8
let nextLately = 0

const readLately = (bytes: Uint8Array, machine: AnyMachine): SnapshotOnDisk | undefined => {
  const before = lately.find((read) => read.machine === machine && Buffer.compare(read.bytes, bytes) === 0)
  if (before !== undefined) return before.snapshot
  const snapshot = readSnapshot(bytes, machine)
  lately[nextLately++ % latelyMax] = { bytes, machine, snapshot }
  return snapshot
}

interface Known {
  readonly writes: number
  readonly snapshot: SnapshotOnDisk | undefined
}

/** What files held when they were read last: a snapshot is looked at more than once, and seldom changes. */
const known = new WeakMap<SectorFile, Known>()

const snapshotIn = (file: SectorFile, machine: AnyMachine): SnapshotOnDisk | undefined => {
  const before = known.get(file)
  if (before?.writes === file.writes) return before.snapshot
  const snapshot = readLately(file.read(0, file.sizeBytes), machine)
  known.set(file, { writes: file.writes, snapshot })
  return snapshot
}

/** The sound snapshots of a group in a data directory, of files that `counts`. */
export const snapshotsOn = (
  image: DiskImage,
  data: string,
  group: string,
  machine: AnyMachine,
  counts = (_path: string): boolean => true
): ReadonlyArray<SnapshotOnDisk> => {
  const found: Array<SnapshotOnDisk> = []
  const directory = `${data}/snapshots/${group}/`
  for (const [path, file] of image.files) {
    if (!path.startsWith(directory) || !path.endsWith(".snapshot") || !counts(path)) continue
    const snapshot = snapshotIn(toldOf(file), machine)
    if (snapshot !== undefined) found.push(snapshot)
  }
  return found
}
