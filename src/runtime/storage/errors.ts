/** What can be wrong with a write-ahead log: each error says what to do about it. */
import { Data, Effect } from "effect"
import { DiskFailed } from "./port.ts"

/** What was once durable is no longer there. The replica must not vote with this directory. */
export class StorageCorrupted extends Data.TaggedError("StorageCorrupted")<{
  readonly path: string
  readonly offset: number
  readonly reason: string
}> {
  override get message(): string {
    return (
      `${this.path} is damaged at byte ${this.offset}: ${this.reason}; ` +
      "do not run a node on this data directory: give the node an empty one, and it returns as a new replica"
    )
  }
}

/** The directory holds the log of another cluster. */
export class WrongCluster extends Data.TaggedError("WrongCluster")<{
  readonly directory: string
  readonly expected: string
  readonly found: string
}> {
  override get message(): string {
    return (
      `the data directory ${this.directory} belongs to the cluster "${this.found}", ` +
      `not to "${this.expected}"; ` +
      "correct the cluster id, or give this node another directory"
    )
  }
}

/** The directory is that of another node of the cluster. */
export class WrongNode extends Data.TaggedError("WrongNode")<{
  readonly directory: string
  readonly expected: string
  readonly found: string
}> {
  override get message(): string {
    return (
      `the data directory ${this.directory} belongs to the node "${this.found}", ` +
      `not to "${this.expected}"; ` +
      "correct the name of the node, or give it another directory"
    )
  }
}

/** The directory was written by a version of this package that lays its files out in another way. */
export class UnknownFormat extends Data.TaggedError("UnknownFormat")<{
  readonly path: string
  readonly found: string
  readonly supported: number
}> {
  override get message(): string {
    return (
      `${this.path} has format ${this.found}, and this version reads format ${this.supported} only; ` +
      "run the version that wrote it, or give this node an empty directory"
    )
  }
}

/** The log was closed; what was not durable by then may be lost. */
export class WalClosed extends Data.TaggedError("WalClosed")<{ readonly directory: string }> {
  override get message(): string {
    return `the write-ahead log in ${this.directory} is closed; open it again to write`
  }
}

/** Why a sync did not make its records durable. */
export type WalFailure = DiskFailed | WalClosed

/**
 * Runs what reads the disk and throws as `FileHandle.readSync` does; anything else that it throws is a
 * defect.
 */
export const reading = <A>(read: () => A): Effect.Effect<A, DiskFailed | StorageCorrupted> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(read())
    } catch (cause) {
      if (cause instanceof DiskFailed || cause instanceof StorageCorrupted) return Effect.fail(cause)
      throw cause
    }
  })
