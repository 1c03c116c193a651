/** Everything that can be set about a simulated disk, and the sound disk on which nothing goes wrong. */
import { type BitRot, noBitRot } from "./bit-rot.ts"
import { type CrashDamage, evenDamage } from "./crash.ts"
import { type DirectoryLoss, noDirectoryLoss } from "./directory-loss.ts"
import { type FailedChange, noFailedChange } from "./failed-change.ts"
import { type FailedWrite, noFailedWrite } from "./failed-write.ts"
import { type LyingSync, noLyingSync } from "./lying-sync.ts"
import { type MisdirectedWrite, noMisdirectedWrite } from "./misdirected-write.ts"
import { completesAll, evenKill, type ProcessKill } from "./process-kill.ts"
import { noShortWrite, type ShortWrite } from "./short-write.ts"
import { briskDisk, type Slowness } from "./slowness.ts"

/** Faults of one disk. May be replaced while a run goes on. */
export interface DiskFaults {
  readonly slowness: Slowness
  /**
   * What a power cut does to writes that were not durable. Within the contract of every disk, hence always
   * on.
   */
  readonly crashDamage: CrashDamage
  /** What the kill of a process leaves of its writes under way. Within the contract, too. */
  readonly processKill: ProcessKill
  /** Of open files. */
  readonly failedWrite: FailedWrite
  /** Of open files. */
  readonly shortWrite: ShortWrite
  /** Of files as a whole. */
  readonly failedChange: FailedChange
  readonly lyingSync: LyingSync
  readonly misdirectedWrite: MisdirectedWrite
  readonly bitRot: BitRot
  readonly directoryLoss: DirectoryLoss
}

/** A disk that keeps its contract: what it said is durable stays, the rest is open until then. */
export const sound: DiskFaults = {
  slowness: briskDisk,
  crashDamage: evenDamage,
  processKill: completesAll,
  failedWrite: noFailedWrite,
  shortWrite: noShortWrite,
  failedChange: noFailedChange,
  lyingSync: noLyingSync,
  misdirectedWrite: noMisdirectedWrite,
  bitRot: noBitRot,
  directoryLoss: noDirectoryLoss
}

/**
 * The disk of a machine whose processes may be killed in the middle of a write, and others be there after
 * them.
 */
export const killable: DiskFaults = { ...sound, processKill: evenKill }

export interface DiskOptions {
  readonly faults?: DiskFaults
  /** Space on the disk, in bytes. Default unlimited. */
  readonly capacityBytes?: number
  /**
   * Where damage that breaks the contract (rot, misdirected writes, lost entries) may strike; the draw is
   * made either way, so that a run does not change where it strikes only because this does. Default
   * everywhere.
   */
  readonly mayDamage?: (path: string, sector: number) => boolean
}
