/**
 * What users import as `aplomb/files`: the port of files, and the files of a real machine behind it. What
 * touches node:fs is in the files of this name.
 */
import * as fs from "node:fs"
import { dirname } from "node:path"
import { Effect, Layer, type Scope } from "effect"
import { attempt, call, failed } from "./disk-call.ts"
import { type DirectFile, DirectWindow, openDirect } from "./files-direct.ts"
import { makeDirectories } from "./files-directories.ts"
import { lock } from "./files-lock.ts"
import { type DiskFailed, type FileHandle, Files, type FilesShape } from "./port.ts"
import { inSteps } from "./steps.ts"

export {
  type AppendPart,
  DirectoryInUse,
  DiskFailed,
  type FileHandle,
  Files,
  type FilesShape
} from "./port.ts"

/**
 * How a durable write waits for the disk. `sync`: in the calling thread, so that nothing else runs meanwhile;
 * the quicker on a disk that answers in well under a millisecond. `async`: in the thread pool, so that a disk
 * that stalls does not stall the process (its heartbeats, its timers).
 */
type WriteMode = "sync" | "async"

type WriteDone = (failure: DiskFailed | undefined) => void

const zeroStep = new Uint8Array(256 << 10)

const withDescriptor = <A, E, R>(
  path: string,
  flags: number | string,
  use: (descriptor: number) => Effect.Effect<A, E, R>
) =>
  Effect.acquireUseRelease(
    call<number>("open", path, (done) => fs.open(path, flags, done)),
    use,
    (descriptor) => Effect.ignore(call("close", path, (done) => fs.close(descriptor, done)))
  )

const syncDirectory = (path: string) =>
  withDescriptor(path, "r", (descriptor) => call("sync", path, (done) => fs.fsync(descriptor, done)))

// O_DSYNC: one flush of a whole segment at the end would hold up the log by tens of milliseconds.
const asideFlags = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_TRUNC | fs.constants.O_DSYNC

/** Makes `path` under another name, and renames it once it is durable: there wholly, or not at all. */
const writeAside = Effect.fnUntraced(function* <E = never, R = never>(
  path: string,
  fill: (descriptor: number) => Effect.Effect<void, DiskFailed | E, R>
) {
  const aside = `${path}.making`
  yield* withDescriptor(aside, asideFlags, (descriptor) =>
    Effect.andThen(
      fill(descriptor),
      call("sync", aside, (done) => fs.fsync(descriptor, done))
    )
  ).pipe(
    Effect.andThen(call("rename", path, (done) => fs.rename(aside, path, done))),
    Effect.tapCause(() => Effect.ignore(remove(aside))) // or it would go on filling the disk
  )
  yield* syncDirectory(dirname(path))
})

const writeAll = Effect.fnUntraced(function* (
  path: string,
  descriptor: number,
  bytes: Uint8Array,
  at: number
) {
  for (let written = 0; written < bytes.length; ) {
    written += yield* call<number>("write", path, (done) =>
      fs.write(descriptor, bytes, written, bytes.length - written, at + written, done)
    )
  }
})

const writeInParts: FilesShape["writeInParts"] = (path, fill) =>
  writeAside(path, (descriptor) => {
    let at = 0
    return fill((bytes) => {
      const start = at
      at += bytes.length
      return writeAll(`${path}.making`, descriptor, bytes, start)
    })
  })

const makeDirectory = Effect.fnUntraced(function* (path: string) {
  const first = yield* attempt("make directory", path, () => makeDirectories(path))
  // Also where it was there: whoever made it, or renamed a file into it, may have been killed before syncing.
  yield* syncDirectory(path)
  if (first === undefined) yield* Effect.ignore(syncDirectory(dirname(path))) // others may own that one
  for (let made = path; first !== undefined && made.length >= first.length; made = dirname(made)) {
    yield* syncDirectory(dirname(made))
  }
})

const list = (path: string): Effect.Effect<ReadonlyArray<string>, DiskFailed> =>
  call<ReadonlyArray<string>>("list", path, (done) => {
    fs.readdir(path, (error, names) =>
      error?.code === "ENOENT" ? done(null, []) : done(error, names?.sort())
    )
  })

const readFile = (path: string): Effect.Effect<Uint8Array | undefined, DiskFailed> =>
  call<Uint8Array | undefined>("read", path, (done) => {
    fs.readFile(path, (error, bytes) => (error?.code === "ENOENT" ? done(null) : done(error, bytes)))
  })

const remove = Effect.fnUntraced(function* (path: string) {
  const removed = yield* call<boolean>("remove", path, (done) => {
    fs.unlink(path, (error) => (error?.code === "ENOENT" ? done(null, false) : done(error, true)))
  })
  if (removed) yield* syncDirectory(dirname(path))
})

const preallocate: FilesShape["preallocate"] = (path, sizeBytes, yields) =>
  writeAside(path, (descriptor) =>
    inSteps(sizeBytes, zeroStep.length, yields, (at, lengthBytes) =>
      writeAll(path, descriptor, zeroStep.subarray(0, lengthBytes), at)
    )
  )

/**
 * Reads and durable writes of one open file; closing waits for the write under way, as its descriptor is
 * reused after.
 */
class OpenFile implements FileHandle {
  readonly path: string
  readonly sizeBytes: number
  private descriptor: number
  private readonly mode: WriteMode
  private readonly window: DirectWindow
  /** Open for writes past the cache as well, from the first write on; null where that is not possible. */
  private direct: DirectFile | undefined | null
  private writing = false
  private whenIdle: (() => void) | undefined

  constructor(path: string, descriptor: number, mode: WriteMode, window: DirectWindow) {
    this.path = path
    this.descriptor = descriptor
    this.mode = mode
    this.window = window
    this.sizeBytes = fs.fstatSync(descriptor).size
  }

  readonly readSync: FileHandle["readSync"] = (offset, lengthBytes, into) => {
    const wanted = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offset))
    const reused = into !== undefined && into.length >= wanted
    const bytes = reused ? into.subarray(0, wanted) : new Uint8Array(Buffer.allocUnsafeSlow(wanted).buffer)
    let read = 0
    try {
      while (read < wanted) {
        const step = fs.readSync(this.descriptor, bytes, read, wanted - read, offset + read)
        if (step === 0) break
        read += step
      }
    } catch (cause) {
      throw failed("read", this.path, cause)
    }
    return read === wanted ? bytes : bytes.subarray(0, read)
  }

  readonly write = (offset: number, bytes: Uint8Array, done: WriteDone, isEnd = false) => {
    if (this.mode === "async") {
      this.writing = true
      this.writeRest(offset, bytes, done)
      return
    }
    let failure: DiskFailed | undefined
    try {
      if (!this.writePastCache(offset, bytes, isEnd)) this.writeThroughCache(offset, bytes)
    } catch (cause) {
      failure = failed("write", this.path, cause)
    }
    done(failure)
  }

  private writeThroughCache(offset: number, bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length; ) {
      written += fs.writeSync(this.descriptor, bytes, written, bytes.length - written, offset + written)
    }
  }

  /** False where this file cannot be written so: nothing was written then. */
  private writePastCache(offset: number, bytes: Uint8Array, isEnd: boolean): boolean {
    if (this.direct === undefined) {
      const { descriptor, sizeBytes } = this
      const direct = openDirect(this.path, sizeBytes)
      this.direct = direct === undefined ? null : { descriptor, direct, sizeBytes }
    }
    if (this.direct === null) return false
    try {
      this.window.write(this.direct, offset, bytes, isEnd)
      return true
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EINVAL") throw cause
      fs.closeSync(this.direct.direct)
      this.direct = null
      return false
    }
  }

  private writeRest(offset: number, bytes: Uint8Array, done: WriteDone): void {
    fs.write(this.descriptor, bytes, 0, bytes.length, offset, (error, written) => {
      if (error === null && written < bytes.length) {
        this.writeRest(offset + written, bytes.subarray(written), done)
        return
      }
      this.writing = false
      this.whenIdle?.()
      done(error === null ? undefined : failed("write", this.path, error))
    })
  }

  readonly close = Effect.callback<void>((resume) => {
    const close = () => {
      if (this.direct) fs.closeSync(this.direct.direct)
      this.direct = null
      fs.close(this.descriptor, () => resume(Effect.void))
      this.descriptor = -1 // a late call must not meet the next file that gets this number
    }
    if (this.writing) this.whenIdle = close
    else close()
  })
}

// O_DSYNC: a write returns when its bytes are on the disk; in a preallocated file no journal has to follow.
const openFile = (
  path: string,
  mode: WriteMode,
  window: DirectWindow
): Effect.Effect<FileHandle, DiskFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(
      call<number>("open", path, (done) => fs.open(path, fs.constants.O_RDWR | fs.constants.O_DSYNC, done)),
      (descriptor) => attempt("open", path, () => new OpenFile(path, descriptor, mode, window))
    ),
    (file) => file.close
  )

/**
 * The file system of this machine.
 *
 * The lock of a directory is known by pid, start time and boot: processes that share a directory must see
 * each other's pids (not so for two containers with pid namespaces of their own, nor for two machines on a
 * network file system).
 */
export const filesLayer = (options?: { readonly writes?: WriteMode }): Layer.Layer<Files> => {
  const window = new DirectWindow()
  const shape: FilesShape = {
    makeDirectory,
    list,
    readFile,
    writeFileAtomic: (path, bytes) => writeAside(path, (descriptor) => writeAll(path, descriptor, bytes, 0)),
    writeInParts,
    preallocate,
    open: (path) => openFile(path, options?.writes ?? "sync", window),
    remove,
    lock: (directory) => Effect.asVoid(lock(directory))
  }
  return Layer.succeed(Files, shape)
}
