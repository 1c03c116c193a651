/** How processes end by themselves: what is no fault of theirs, and what is a finding. */
import { MasterStateLost, MasterStateUnproven } from "../actors/master/register-errors.ts"
import { RoleCrashed } from "../actors/node/end-node.ts"
import { StorageRolledBack } from "../actors/presence/floors.ts"
import { DuplicateNode } from "../actors/presence/presence.ts"
import { BusUnavailable } from "../runtime/bus/port.ts"
import { stackOf } from "../runtime/message-of.ts"
import { StorageCorrupted, WalClosed } from "../runtime/storage/errors.ts"
import { DirectoryInUse, DiskFailed } from "../runtime/storage/port.ts"

/** A run ended because a process did what none may do. */
export class ProcessBroke extends Error {
  constructor(process: string, message: string) {
    super(`the process ${process} broke: ${message}`)
    this.name = "ProcessBroke"
  }
}

/** A family of faults failed by itself, so that nothing struck any more. */
export class FaultsBroke extends Error {
  constructor(cause: unknown) {
    super(stackOf(cause))
    this.name = "FaultsBroke"
  }
}

// Classes, not names: an error of a program of one's own that is called alike is its own.
const harmless = [DuplicateNode, DirectoryInUse, DiskFailed, WalClosed]
const damaged = [StorageCorrupted, StorageRolledBack, RoleCrashed, MasterStateLost, MasterStateUnproven]

const isOneOf = (failure: unknown, classes: ReadonlyArray<abstract new (...fields: never) => unknown>) =>
  classes.some((one) => failure instanceof one)

/** The bus that the process stood on went away. */
export const isCutOff = (failure: unknown): boolean => failure instanceof BusUnavailable

/** The tag of an error that has one. */
const tagOf = (failure: unknown): string | undefined =>
  typeof failure === "object" && failure !== null && "_tag" in failure ? String(failure._tag) : undefined

/** What made a role crash may have been the disk; anything else is a bug, whatever is expected. */
const isOfDisk = ({ cause }: RoleCrashed): boolean => isOneOf(cause, [...harmless, ...damaged])

/** A node may stop for what happened to it, and say so; anything else that ends it is a bug. */
const judgeEnd = (failure: unknown, expectsDamage: boolean): string | undefined => {
  if (isOneOf(failure, harmless)) return undefined
  if (failure instanceof RoleCrashed && !isOfDisk(failure)) return stackOf(failure)
  if (expectsDamage && isOneOf(failure, damaged)) return undefined
  return stackOf(failure)
}

/** Something that went wrong in a process. */
interface Trouble {
  readonly process: string
  /** Whether it is a node of the cluster. */
  readonly isNode: boolean
  /** Whose it is, where the process itself did not end of it. */
  readonly who: string | undefined
  readonly failure: unknown
}

/** What may go wrong in the processes of a run, and how often it did. */
export class Tolerance {
  /** Whether damage that stops a group for good is part of this run: then a corrupted log is no finding. */
  expectsDamage = false
  /** Whether processes other than nodes of the cluster may have defects: they are counted. */
  expectsDefects = false
  /** Processes that were given a disk that they are to refuse, such as an old copy, with the error for it. */
  readonly toRefuse = new Map<string, string>()
  /** Defects that were expected, by who had them. */
  readonly defects = new Map<string, number>()

  /** The finding; undefined where it may happen. */
  judge({ process, isNode, who, failure }: Trouble): ProcessBroke | undefined {
    const tag = tagOf(failure)
    if (tag !== undefined && tag === this.toRefuse.get(process)) return undefined
    const problem = judgeEnd(failure, this.expectsDamage)
    if (problem === undefined) return undefined
    if (!this.expectsDefects || isNode)
      return new ProcessBroke(process, who === undefined ? problem : `${who}: ${problem}`)
    const whose = who === undefined ? process : `${process}, ${who}`
    this.defects.set(whose, (this.defects.get(whose) ?? 0) + 1)
    return undefined
  }
}
