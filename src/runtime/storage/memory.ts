/** Files in memory: durable at once, with levers to make the disk fail, stall, crash or rot. */
import { Effect, Layer } from "effect"
import {
  type AppendPart,
  DirectoryInUse,
  DiskFailed,
  type FileHandle,
  Files,
  type FilesShape
} from "./port.ts"

type Refusal = "full" | "broken"
type WriteDone = (failure: DiskFailed | undefined) => void

interface HeldWrite {
  readonly path: string
  readonly offset: number
  readonly bytes: Uint8Array
  readonly done: WriteDone
}

/** Bytes that reach the disk together or not at all. */
const sectorBytes = 512

/**
 * A disk in memory. The data outlives the layers made from it, as a disk outlives a process; each `layer` is
 * one life of the machine, ended by `crash`.
 */
export class MemoryDisk {
  private readonly contents = new Map<string, Uint8Array>()
  private locks = new Map<string, symbol>()
  private held: Array<HeldWrite> | undefined
  private nextWrite: Refusal | undefined
  private nextPreallocation: Refusal | undefined
  private nextPart: Refusal | undefined
  private life = 0
  writeCount = 0

  /** Makes the next write to an open file fail. */
  failNextWrite(refusal: Refusal): void {
    this.nextWrite = refusal
  }

  /** Makes every preallocation fail until called with undefined. */
  failPreallocation(refusal: Refusal | undefined): void {
    this.nextPreallocation = refusal
  }

  /** Makes every part of a file written in parts fail until called with undefined. */
  failParts(refusal: Refusal | undefined): void {
    this.nextPart = refusal
  }

  /** From now on writes to open files wait until `completeWrites`. */
  holdWrites(): void {
    this.held ??= []
  }

  heldWriteCount(): number {
    return this.held?.length ?? 0
  }

  /** Carries out the writes that wait, those that they cause excepted, and goes on holding. */
  completeWrites(): void {
    const writes = this.held ?? []
    this.held = []
    for (const write of writes) {
      this.store(write.path, write.offset, write.bytes)
      write.done(undefined)
    }
  }

  /** Carries out what waits and holds no more. */
  stopHolding(): void {
    while (this.heldWriteCount() > 0) this.completeWrites()
    this.held = undefined
  }

  /**
   * Ends the machine's life: locks are gone, handles are dead, and of the writes under way those sectors are
   * on the disk for which `sectorKept` says so, counted from the sector where the write begins.
   */
  crash(sectorKept: (sector: number) => boolean): void {
    const writes = this.held ?? []
    this.held = undefined
    this.nextWrite = undefined
    this.life += 1
    this.locks = new Map()
    for (const { path, offset, bytes } of writes) {
      const firstSector = Math.floor(offset / sectorBytes)
      for (let at = 0; at < bytes.length; ) {
        const sector = Math.floor((offset + at) / sectorBytes)
        const end = Math.min(bytes.length, (sector + 1) * sectorBytes - offset)
        if (sectorKept(sector - firstSector)) this.store(path, offset + at, bytes.subarray(at, end))
        at = end
      }
    }
  }

  /** The live content of a file, to look at or to damage. */
  bytesOf(path: string): Uint8Array {
    const bytes = this.contents.get(path)
    if (bytes === undefined) throw new Error(`there is no file ${path} on the memory disk`)
    return bytes
  }

  corruptByte(path: string, offset: number): void {
    const bytes = this.bytesOf(path)
    bytes[offset] = bytes[offset]! ^ 0x55
  }

  paths(): ReadonlyArray<string> {
    return [...this.contents.keys()].sort()
  }

  removeNow(path: string): void {
    this.contents.delete(path)
  }

  replaceNow(path: string, bytes: Uint8Array): void {
    this.contents.set(path, bytes)
  }

  /** One life of a machine with this disk. */
  layer(): Layer.Layer<Files> {
    return Layer.sync(Files, () => this.files())
  }

  private store(path: string, offset: number, bytes: Uint8Array): void {
    this.bytesOf(path).set(bytes, offset)
  }

  private files(): FilesShape {
    const { contents, life } = this
    return {
      makeDirectory: () => Effect.void,
      list: (directory) =>
        Effect.sync(() => {
          const prefix = `${directory}/`
          const names = this.paths().filter((path) => path.startsWith(prefix))
          return names.map((path) => path.slice(prefix.length)).filter((name) => !name.includes("/"))
        }),
      readFile: (path) => Effect.sync(() => contents.get(path)?.slice()),
      writeFileAtomic: (path, bytes) =>
        Effect.sync(() => {
          // What a process that died in the crash would still do on its way out, it does not.
          if (life === this.life) contents.set(path, bytes.slice())
        }),
      writeInParts: (path, fill) => this.writeInParts(path, life, fill),
      preallocate: (path, sizeBytes) =>
        Effect.suspend(() => {
          if (this.nextPreallocation !== undefined) {
            return Effect.fail(refused("preallocation", path, this.nextPreallocation))
          }
          contents.set(path, new Uint8Array(sizeBytes))
          return Effect.void
        }),
      open: (path) => this.open(path),
      remove: (path) => Effect.sync(() => void contents.delete(path)),
      lock: (directory) =>
        Effect.acquireRelease(this.takeLock(directory), (key) => this.unlock(directory, key))
    }
  }

  private writeInParts<E, R>(
    path: string,
    life: number,
    fill: (append: AppendPart) => Effect.Effect<void, E, R>
  ): Effect.Effect<void, DiskFailed | E, R> {
    return Effect.suspend((): Effect.Effect<void, DiskFailed | E, R> => {
      const parts: Array<Uint8Array> = []
      const append = (bytes: Uint8Array) =>
        Effect.suspend(() => {
          const refusal = this.nextPart
          if (refusal !== undefined) return Effect.fail(refused("write", path, refusal))
          parts.push(bytes.slice())
          return Effect.void
        })
      const place = Effect.sync(() => {
        if (life === this.life) this.contents.set(path, new Uint8Array(Buffer.concat(parts)))
      })
      return Effect.andThen(fill(append), place)
    })
  }

  private open(path: string): Effect.Effect<FileHandle, DiskFailed> {
    return Effect.suspend(() => {
      const bytes = this.contents.get(path)
      if (bytes !== undefined) return Effect.succeed(this.handle(path, bytes.length))
      return Effect.fail(
        new DiskFailed({ operation: "open", path, full: false, reason: "there is no such file" })
      )
    })
  }

  private handle(path: string, sizeBytes: number): FileHandle {
    const { life } = this
    return {
      path,
      sizeBytes,
      readSync: (offset, lengthBytes) => this.bytesOf(path).slice(offset, offset + lengthBytes),
      write: (offset, bytes, done) => {
        if (life !== this.life) return // the process that asks died in the crash
        if (offset < 0 || offset + bytes.length > sizeBytes) {
          throw new Error(`a write of ${bytes.length} bytes at ${offset} runs past the end of ${path}`)
        }
        this.writeCount += 1
        const refusal = this.nextWrite
        this.nextWrite = undefined
        if (refusal !== undefined) return done(refused("write", path, refusal))
        if (this.held !== undefined) {
          this.held.push({ path, offset, bytes: bytes.slice(), done })
          return
        }
        this.store(path, offset, bytes)
        done(undefined)
      }
    }
  }

  private takeLock(directory: string): Effect.Effect<symbol, DirectoryInUse> {
    return Effect.suspend(() => {
      if (this.locks.has(directory)) {
        return Effect.fail(
          new DirectoryInUse({ path: directory, holder: "another owner of this memory disk" })
        )
      }
      const key = Symbol(directory)
      this.locks.set(directory, key)
      return Effect.succeed(key)
    })
  }

  private unlock(directory: string, key: symbol): Effect.Effect<void> {
    return Effect.sync(() => {
      if (this.locks.get(directory) === key) this.locks.delete(directory)
    })
  }
}

const refused = (operation: string, path: string, refusal: Refusal): DiskFailed =>
  new DiskFailed({ operation, path, full: refusal === "full", reason: "the disk was told to fail" })
