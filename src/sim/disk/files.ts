/** The port of files over a simulated disk, for one life of a node. */
import { Effect, type Scope } from "effect"
import { joinBytes } from "../../protocol/log/run.ts"
import {
  type AppendPart,
  DirectoryInUse,
  DiskFailed,
  type FileHandle,
  type FilesShape
} from "../../runtime/storage/port.ts"
import type { Incarnation } from "../kernel/node.ts"
import { drawFailedChange } from "./failed-change.ts"
import { full } from "./full-disk.ts"
import { parentOf } from "./image.ts"
import type { MountedDisk } from "./mounted.ts"
import { drawWrittenBack } from "./process-kill.ts"
import { SectorFile } from "./sectors.ts"

const isTidy = /^(?:\/[^/.][^/]*)+$/

/** Trailing slashes, and `.` or empty parts, do not make another path. */
const tidy = (path: string): string =>
  isTidy.test(path)
    ? path
    : path
        .split("/")
        .filter((part) => part !== "" && part !== ".")
        .map((part) => `/${part}`)
        .join("")

const failed = (operation: string, path: string, reason: string): DiskFailed =>
  new DiskFailed({ operation, path, full: false, reason })

const nothing = (): void => {}

/** What is changed, by which operation. */
interface Changed {
  readonly operation: string
  readonly path: string
  readonly lengthBytes?: number
  readonly apply: () => void
  readonly sync?: () => void
}

/**
 * An operation on the file or directory of a path as a whole: it takes its time, and then has happened,
 * durably: its directory was synced. A crash before that decides by a draw.
 */
const change = (
  disk: MountedDisk,
  life: Incarnation,
  { operation, path, lengthBytes = 0, apply, sync = () => disk.cached.sync(parentOf(path)) }: Changed
): Effect.Effect<void, DiskFailed> =>
  Effect.callback<void, DiskFailed>((resume) => {
    const pending = { path, apply, sync }
    disk.changes.add(pending)
    const { time, random } = disk.kernel
    const doneMicros = disk.doneAt(lengthBytes)
    disk.onBegun?.(doneMicros, apply !== nothing)
    const end = drawFailedChange(random, disk.faults.failedChange)
    time.after(life.scheduler.strand, doneMicros - time.nowMicros, () => {
      if (!disk.changes.delete(pending)) return
      if (end !== undefined) {
        disk.strike("failed-change", { operation, path, end })
        if (end === "cached") disk.cached.apply(disk.image, pending, drawWrittenBack(random, time.nowMicros))
        return resume(Effect.fail(failed(operation, path, "input/output error")))
      }
      sync()
      apply()
      resume(Effect.void)
    })
  })

export const mountFiles = (disk: MountedDisk, life: Incarnation): FilesShape => ({
  makeDirectory: (path) => makeDirectory(disk, life, tidy(path)),
  list: (path) => Effect.sync(() => disk.image.list(tidy(path))),
  readFile: (path) =>
    Effect.sync(() => {
      const file = disk.image.files.get(tidy(path))
      return file?.read(0, file.sizeBytes)
    }),
  writeFileAtomic: (path, bytes) => writeFileAtomic(disk, life, tidy(path), bytes),
  writeInParts: (path, fill) => writeInParts(disk, life, tidy(path), fill),
  preallocate: (path, sizeBytes) => preallocate(disk, life, tidy(path), sizeBytes),
  open: (path) => open(disk, life, tidy(path)),
  remove: (path) => remove(disk, life, tidy(path)),
  lock: (directory) => lock(disk, life, tidy(directory))
})

const makeDirectory = (disk: MountedDisk, life: Incarnation, path: string) =>
  change(disk, life, {
    operation: "make directory",
    path,
    apply: () => disk.image.makeDirectory(path),
    sync: () => disk.cached.syncAll(path)
  })

/** Where there is nothing to remove, nothing is synced. */
const remove = (disk: MountedDisk, life: Incarnation, path: string) =>
  change(disk, life, {
    operation: "remove",
    path,
    apply: () => disk.image.remove(path),
    sync: () => {
      if (disk.image.files.has(path)) disk.cached.sync(parentOf(path))
    }
  })

const writeFileAtomic = (
  disk: MountedDisk,
  life: Incarnation,
  path: string,
  bytes: Uint8Array
): Effect.Effect<void, DiskFailed> =>
  Effect.suspend(() => {
    if (!disk.image.hasParent(path)) return Effect.fail(failed("write", path, "no such directory"))
    // The old file stays until the new one is whole: both need room for a moment.
    if (full(disk, bytes.length)) return Effect.fail(noRoom(disk, "write", path))
    const copy = bytes.slice()
    return change(disk, life, {
      operation: "write",
      path,
      lengthBytes: copy.length,
      apply: () => disk.image.replace(path, copy)
    })
  })

/** Each part takes its time, and the room it needs; the name is there when all of it is durable. */
const writeInParts = <E, R>(
  disk: MountedDisk,
  life: Incarnation,
  path: string,
  fill: (append: AppendPart) => Effect.Effect<void, E, R>
): Effect.Effect<void, DiskFailed | E, R> =>
  Effect.suspend((): Effect.Effect<void, DiskFailed | E, R> => {
    if (!disk.image.hasParent(path)) return Effect.fail(failed("write", path, "no such directory"))
    const parts: Array<Uint8Array> = []
    let sizeBytes = 0
    const append = (bytes: Uint8Array) =>
      Effect.suspend(() => {
        sizeBytes += bytes.length
        if (full(disk, sizeBytes)) return Effect.fail(noRoom(disk, "write", path))
        parts.push(bytes.slice())
        const { length: lengthBytes } = bytes
        return change(disk, life, { operation: "write", path, lengthBytes, apply: nothing, sync: nothing })
      })
    return Effect.andThen(
      fill(append),
      Effect.suspend(() =>
        change(disk, life, {
          operation: "rename",
          path,
          apply: () => disk.image.replace(path, joinBytes(parts, sizeBytes))
        })
      )
    )
  })

const preallocate = (
  disk: MountedDisk,
  life: Incarnation,
  path: string,
  sizeBytes: number
): Effect.Effect<void, DiskFailed> =>
  Effect.suspend(() => {
    if (!disk.image.hasParent(path)) return Effect.fail(failed("preallocate", path, "no such directory"))
    if (full(disk, sizeBytes)) return Effect.fail(noRoom(disk, "preallocate", path))
    return change(disk, life, {
      operation: "preallocate",
      path,
      lengthBytes: sizeBytes,
      apply: () => {
        disk.image.remove(path)
        disk.image.files.set(path, new SectorFile(sizeBytes))
      }
    })
  })

const noRoom = (disk: MountedDisk, operation: string, path: string): DiskFailed => {
  disk.strike("full-disk", { operation, path })
  return new DiskFailed({ operation, path, full: true, reason: "no space left on device" })
}

const open = (
  disk: MountedDisk,
  life: Incarnation,
  path: string
): Effect.Effect<FileHandle, DiskFailed, Scope.Scope> =>
  Effect.suspend(() => {
    const file = disk.image.files.get(path)
    if (file === undefined) return Effect.fail(failed("open", path, "no such file"))
    let closed = false
    const handle = handleOf(disk, life, path, file, () => closed)
    return Effect.acquireRelease(Effect.succeed(handle), () =>
      Effect.sync(() => {
        closed = true
      })
    )
  })

const handleOf = (
  disk: MountedDisk,
  life: Incarnation,
  path: string,
  file: SectorFile,
  isClosed: () => boolean
): FileHandle => {
  let writing = false
  const refusal = (offset: number, bytes: Uint8Array): string | undefined => {
    if (isClosed()) return "the file was closed"
    if (writing) return "a write of this handle is under way already"
    return offset < 0 || offset + bytes.length > file.sizeBytes ? "past the end of the file" : undefined
  }
  return {
    path,
    sizeBytes: file.sizeBytes,
    readSync: (offset, lengthBytes, into) => {
      if (isClosed()) throw failed("read", path, "the file was closed")
      return file.read(offset, lengthBytes, into)
    },
    write: (offset, bytes, done) => {
      // A process that was killed in the middle of its code writes no more.
      if (!life.alive) return
      const refused = refusal(offset, bytes)
      if (refused !== undefined) {
        done(failed("write", path, refused))
        return
      }
      writing = true
      const { doneMicros, failure } = disk.write(file, path, offset, bytes)
      const { time } = disk.kernel
      time.after(life.scheduler.strand, doneMicros - time.nowMicros, () => {
        writing = false
        done(failure)
      })
    }
  }
}

const lock = (
  disk: MountedDisk,
  life: Incarnation,
  directory: string
): Effect.Effect<void, DirectoryInUse, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const holder = disk.locks.get(directory)
      if (holder?.alive === true) {
        const name = `life ${holder.number} of ${holder.node.name}`
        return Effect.fail(new DirectoryInUse({ path: directory, holder: name }))
      }
      disk.locks.set(directory, life)
      return Effect.void
    }),
    () =>
      Effect.sync(() => {
        if (disk.locks.get(directory) === life) disk.locks.delete(directory)
      })
  )
