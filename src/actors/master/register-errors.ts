/** What can be wrong with the master's register, in a file or replicated: each error says what to do. */
import { Data } from "effect"

/**
 * What the register holds is not what a master wrote. Where `isOne` of several masters has such a file, it is
 * none of theirs: it was put there.
 */
export class RegisterCorrupted extends Data.TaggedError("RegisterCorrupted")<{
  readonly path: string
  readonly reason: string
  readonly isOne?: boolean
}> {
  override get message(): string {
    const cure = this.isOne
      ? "several masters keep what it should hold, and need no such file: delete it, " +
        "or, if you put back a copy there, put one there that is whole"
      : "put back the file as it was last written: an older copy would hand out ballots a second time"
    return `the master's file ${this.path} is damaged (${this.reason}); ${cure}`
  }
}

/**
 * What the masters keep of a group is nothing that this node can read. Their disks check what they hold, so
 * somebody wrote it like this.
 */
export class RegisterUnreadable extends Data.TaggedError("RegisterUnreadable")<{ readonly group: string }> {
  override get message(): string {
    return (
      `what the masters keep of group ${this.group} is no state of a master that this version knows; ` +
      "run the version of Aplomb that the other nodes run"
    )
  }
}

/** No majority of the masters answered in time. What was asked for may have been done or not: ask again. */
export class RegisterUnavailable extends Data.TaggedError("RegisterUnavailable")<{
  readonly withinMs: number
}> {
  override get message(): string {
    return (
      `no majority of the masters answered within ${this.withinMs} ms; ` +
      "groups that are led go on, and changes wait until more masters run"
    )
  }
}

/** A master's disk holds less than it had told the others: an old copy of it was put back. */
export class MasterRolledBack extends Data.TaggedError("MasterRolledBack")<{
  readonly node: string
  readonly writes: number
  readonly floor: number
  readonly by: string
}> {
  override get message(): string {
    return (
      `the data directory of ${this.node} is an old copy: as a master it has written ${this.writes} times, ` +
      `and ${this.by} has heard of ${this.floor}; ` +
      "do not run a node on it: give the node an empty directory, and it returns as a new replica"
    )
  }
}

/** The configuration names other masters than those that keep the register. */
export class MastersChanged extends Data.TaggedError("MastersChanged")<{
  readonly configured: ReadonlyArray<string>
  readonly found: ReadonlyArray<string>
}> {
  override get message(): string {
    return (
      `the register is kept by the masters ${this.found.join(", ")}, ` +
      `and the configuration names ${this.configured.join(", ")}; ` +
      "give back the old names: a master is replaced by starting an empty node under its name"
    )
  }
}

/** Ballots were handed out, and none of the masters that begin knows of it. */
export class MasterStateLost extends Data.TaggedError("MasterStateLost")<{
  readonly group: string
  readonly ballot: number
}> {
  override get message(): string {
    return (
      `group ${this.group}: ballot ${this.ballot} was handed out, and no master knows of it; ` +
      `put back the newest copy of the master's state as master/${this.group}.json ` +
      "in the data directory of one master"
    )
  }
}

/** A copy of the master's state cannot be shown to be the newest. */
export class MasterStateUnproven extends Data.TaggedError("MasterStateUnproven")<{
  readonly group: string
  readonly voter: string
}> {
  override get message(): string {
    return (
      `group ${this.group}: the master's state that was put back names ${this.voter} as an acceptor, ` +
      "and that node has another disk now, so nobody can tell whether the state is the newest; " +
      `start ${this.voter} with the disk that it had, or put back a newer copy`
    )
  }
}

export type SeatFailure = MasterRolledBack | MastersChanged | MasterStateLost | MasterStateUnproven
