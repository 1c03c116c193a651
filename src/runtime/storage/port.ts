/**
 * Files as the write-ahead log sees them: few operations, so that a simulated disk can take the place of the
 * real one.
 */
import { Context, Data, type Effect, type Scope } from "effect"

/**
 * The disk refused an operation. `full` says whether space ran out: then nothing was lost, and room must be
 * made.
 */
export class DiskFailed extends Data.TaggedError("DiskFailed")<{
  readonly operation: string
  readonly path: string
  readonly full: boolean
  readonly reason: string
}> {
  override get message(): string {
    return this.full
      ? `the disk is full: ${this.operation} of ${this.path} failed; free some space and start the node again`
      : `${this.operation} of ${this.path} failed: ${this.reason}`
  }
}

/** Another process has this directory open. */
export class DirectoryInUse extends Data.TaggedError("DirectoryInUse")<{
  readonly path: string
  readonly holder: string
}> {
  override get message(): string {
    return (
      `the data directory ${this.path} is in use by ${this.holder}; ` +
      "stop that process, or give this node another directory"
    )
  }
}

/** An open file of a fixed, preallocated size. */
export interface FileHandle {
  readonly path: string
  readonly sizeBytes: number
  /**
   * Reads what is there, at once; shorter than asked at the end of the file. Fails by throwing `DiskFailed`.
   * The bytes may lie in `into`, if it is long enough: for those who read much and keep nothing.
   */
  readonly readSync: (offset: number, lengthBytes: number, into?: Uint8Array) => Uint8Array
  /**
   * Writes durably: `done` is called once the bytes are on the disk, or with the failure. Adapters may call
   * it before `write` returns. At most one write of a handle is under way. `isEnd`: nothing but zeros follows
   * in the file, which spares adapters a look.
   */
  readonly write: (
    offset: number,
    bytes: Uint8Array,
    done: (failure: DiskFailed | undefined) => void,
    isEnd?: boolean
  ) => void
}

/** Adds to a file that is being made; the bytes are free again when it returns. */
export type AppendPart = (bytes: Uint8Array) => Effect.Effect<void, DiskFailed>

/**
 * What files can do. Paths are absolute. Everything that returns without a failure is durable: it outlives a
 * power cut.
 */
export interface FilesShape {
  /** Makes the directory and those above it; durable on return. */
  readonly makeDirectory: (path: string) => Effect.Effect<void, DiskFailed>
  /** Names of the files in a directory, sorted. An absent directory has none. */
  readonly list: (path: string) => Effect.Effect<ReadonlyArray<string>, DiskFailed>
  /** The whole content of a small file, or undefined where there is none. */
  readonly readFile: (path: string) => Effect.Effect<Uint8Array | undefined, DiskFailed>
  /**
   * Replaces a small file: after it (and after a crash at any point) the old or the new content is there,
   * never a mixture.
   */
  readonly writeFileAtomic: (path: string, bytes: Uint8Array) => Effect.Effect<void, DiskFailed>
  /**
   * Makes a file of the parts that `fill` appends one after the other, or replaces one: durable on return.
   * After a crash at any point, or where `fill` fails, the file is as it was before, or absent; what is left
   * of the attempt has a name that ends with `.making`. For files that are too large to be held in memory.
   */
  readonly writeInParts: <E, R>(
    path: string,
    fill: (append: AppendPart) => Effect.Effect<void, E, R>
  ) => Effect.Effect<void, DiskFailed | E, R>
  /**
   * Makes a file of this size filled with zeros, durable in its directory. Slow: done ahead of need, and with
   * pauses for those who write meanwhile as long as `yields` says so.
   */
  readonly preallocate: (
    path: string,
    sizeBytes: number,
    yields?: () => boolean
  ) => Effect.Effect<void, DiskFailed>
  /** Opens an existing file for reading and durable writing. */
  readonly open: (path: string) => Effect.Effect<FileHandle, DiskFailed, Scope.Scope>
  readonly remove: (path: string) => Effect.Effect<void, DiskFailed>
  /**
   * Takes the directory for this process until the scope closes. The lock of a process that died does not
   * hold.
   */
  readonly lock: (directory: string) => Effect.Effect<void, DirectoryInUse | DiskFailed, Scope.Scope>
}

/**
 * The files of the machine that a program runs on: those of `filesLayer` in production, a simulated disk in
 * simulations of `aplomb/sim`, which loses power, fails and fills up.
 *
 * @example
 * import { Files, filesLayer } from "aplomb/files"
 * const remember = Effect.gen(function* () {
 *   const files = yield* Files
 *   yield* files.makeDirectory("/var/lib/notes")
 *   yield* files.writeFileAtomic("/var/lib/notes/last", new TextEncoder().encode("hello"))
 * })
 * await Effect.runPromise(Effect.provide(remember, filesLayer()))
 */
export class Files extends Context.Service<Files, FilesShape>()("aplomb/runtime/Files") {}
