/** A simulated disk: it outlives the processes of its machine, and does to their writes what real ones do. */
import { Layer } from "effect"
import { DiskFailed, Files, type FilesShape } from "../../runtime/storage/port.ts"
import type { Kernel } from "../kernel/kernel.ts"
import type { Incarnation } from "../kernel/node.ts"
import { hashBytes, hashString, type TraceFields } from "../trace/trace.ts"
import { drawRottenBit, flipBit, type RottenBit } from "./bit-rot.ts"
import { CachedChanges, type MetadataChange } from "./cached-changes.ts"
import { resolveCrash } from "./crash.ts"
import { drawLostEntries } from "./directory-loss.ts"
import { drawFailedWrite } from "./failed-write.ts"
import { mountFiles } from "./files.ts"
import { DiskImage, type VolatileWrite } from "./image.ts"
import { drawLie } from "./lying-sync.ts"
import { drawMisdirection } from "./misdirected-write.ts"
import type { MountedDisk, OnBegun, WriteOutcome } from "./mounted.ts"
import { drawChangeEnd, drawWrittenBack, isUnderWay, resolveKill } from "./process-kill.ts"
import { type SectorFile, sectorBytes } from "./sectors.ts"
import { type DiskFaults, type DiskOptions, sound } from "./settings.ts"
import { drawShortWrite } from "./short-write.ts"
import { Pace } from "./slowness.ts"
import { isBelieved, isToldDurable, mend, settleTold, store } from "./told.ts"

/** Names of strikes: what a kill left of a write under way. */
const writeEnds = { cached: "write-in-cache", cutShort: "write-cut-short", undone: "write-undone" }

/**
 * @example
 * const disk = new SimDisk(kernel, "a")
 * const life = kernel.addNode("a").boot()
 * life.start(Effect.scoped(program.pipe(Effect.provide(disk.layer(life))))) // program needs Files
 * // a power cut: life.node.kill(); disk.crash("power"); and after life.node.boot() the disk is mounted again
 */
export class SimDisk implements MountedDisk {
  readonly kernel: Kernel
  /** Name of the machine, for the trace. */
  readonly name: string
  faults: DiskFaults
  capacityBytes: number
  image = new DiskImage()
  readonly locks = new Map<string, Incarnation>()
  readonly changes = new Set<MetadataChange>()
  readonly cached = new CachedChanges()
  /** Files whose entry was lost. */
  readonly lost = new Map<string, SectorFile>()
  /** Writes taken so far: whoever has read the disk need not read on while it stays. */
  writes = 0
  /** Told when a write or a change of a directory begins: until when it is under way. */
  onBegun: OnBegun | undefined
  readonly #mayDamage: (path: string, sector: number) => boolean
  readonly #pace = new Pace()
  #volatile: Array<VolatileWrite> = []
  #mounted: Incarnation | undefined

  constructor(kernel: Kernel, name: string, options: DiskOptions = {}) {
    this.kernel = kernel
    this.name = name
    this.faults = options.faults ?? sound
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
    this.#mayDamage = options.mayDamage ?? (() => true)
  }

  /**
   * The files of this disk for one life of its node. What an earlier life left half done is settled first;
   * one that ended by itself has waited for its writes.
   */
  mount(life: Incarnation): FilesShape {
    if (this.#mounted !== undefined && this.#mounted !== life) {
      this.#release()
      this.#endChanges()
    }
    this.#mounted = life
    return mountFiles(this, life)
  }

  layer(life: Incarnation): Layer.Layer<Files> {
    return Layer.sync(Files, () => this.mount(life))
  }

  /**
   * The process was killed (`"process"`: the machine goes on, and what was under way is left as
   * `faults.processKill` says) or the machine lost its power (`"power"`: writes not durable yet are resolved
   * sector by sector). Locks are free, changes of directories under way have happened or not. Kill the life
   * first.
   */
  crash(kind: "process" | "power"): void {
    const { random, time } = this.kernel
    this.#release()
    this.writes++ // what was read and was not durable is to be read again
    if (kind === "process") {
      const { processKill } = this.faults
      const writes = this.#volatile
      this.#volatile = resolveKill(
        random,
        processKill,
        this.#volatile,
        time.nowMicros,
        (end, write, bytes) => {
          if (end === "completed") return
          this.strike(writeEnds[end], { path: write.path, offset: write.offset, bytes })
        }
      )
      settleTold(writes, time.nowMicros)
      this.#endChanges()
      return
    }
    for (const change of this.changes) if (random.chance(0.5)) change.apply()
    this.changes.clear()
    const { crashDamage } = this.faults
    const writes = this.#volatile.splice(0)
    for (const write of writes) if (isBelieved(write, time.nowMicros)) write.file.keepTold()
    const report = resolveCrash(random, crashDamage, this.image, writes, time.nowMicros)
    settleTold(writes, time.nowMicros)
    this.strike("power-cut", { ...report })
    for (const path of this.cached.cut(random, time.nowMicros)) this.strike("change-lost", { path })
    for (const path of drawLostEntries(random, this.faults.directoryLoss, this.image)) {
      if (!this.#mayDamage(path, 0)) continue
      this.strike("directory-loss", { path })
      this.lost.set(path, this.image.files.get(path)!)
      this.image.remove(path, true)
    }
  }

  /** Nobody uses the disk. */
  #release(): void {
    this.#settle()
    this.locks.clear()
    this.#mounted = undefined
  }

  /** The machine goes on with the changes of directories under way, or does not. */
  #endChanges(): void {
    const { random, time } = this.kernel
    for (const change of this.changes) {
      const end = drawChangeEnd(random, this.faults.processKill)
      if (end === "completed") {
        change.sync()
        change.apply()
      }
      if (end !== "cached") continue
      const isCached = this.cached.apply(this.image, change, drawWrittenBack(random, time.nowMicros))
      if (isCached) this.strike("change-in-cache", { path: change.path })
    }
    this.changes.clear()
  }

  /** Everything on the disk is gone, as after a replacement. */
  wipe(): void {
    this.strike("wipe")
    this.#forget()
    this.image = new DiskImage()
  }

  /** A backup of what is on the disk now. */
  snapshot(): DiskImage {
    return this.image.copy()
  }

  /** The disk goes back in time to a backup. */
  restore(backup: DiskImage): void {
    this.strike("restore")
    this.#forget()
    this.image = backup.copy()
  }

  /** What the disk holds is what its node was told, after all. */
  mend(): void {
    this.writes++
    mend(this.image, this.lost)
  }

  #forget(): void {
    this.lost.clear()
    this.#volatile = []
    this.cached.forget()
  }

  /** No room is left beyond what is in use, until `capacityBytes` is set anew. */
  fill(): void {
    this.strike("disk-filled")
    this.capacityBytes = this.image.usedBytes()
  }

  /** The whole disk stands still for so long. */
  stall(micros: number): void {
    this.strike("disk-stall", { micros })
    this.#pace.stalledUntilMicros = Math.max(
      this.#pace.stalledUntilMicros,
      this.kernel.time.nowMicros + micros
    )
  }

  /** Flips a drawn bit, one among all that is written unless said otherwise, if it is one that `isMeant`. */
  rot(isMeant: (image: DiskImage, bit: RottenBit) => boolean = () => true, draw = drawRottenBit): void {
    const bit = draw(this.kernel.random, this.image)
    if (bit === undefined || !this.#mayDamage(bit.path, bit.sector) || !isMeant(this.image, bit)) return
    this.strike("bit-rot", { path: bit.path, offset: bit.offset })
    this.image.files.get(bit.path)!.keepTold()
    flipBit(this.image, bit)
  }

  strike(fault: string, fields?: TraceFields): void {
    this.kernel.trace.strike(fault, this.name, fields)
  }

  /** When an operation of this size that starts now is done. */
  doneAt(lengthBytes: number): number {
    const { random, time } = this.kernel
    return this.#pace.doneAt(random, this.faults.slowness, time.nowMicros, lengthBytes, (fault, micros) =>
      this.strike(fault, { micros })
    )
  }

  /** Writes through the faults of this disk; `failure` is for the caller, at `doneMicros`. */
  write(file: SectorFile, path: string, offset: number, bytes: Uint8Array): WriteOutcome {
    const { random, trace } = this.kernel
    trace.hot(hashString(path), hashBytes(bytes) ^ offset)
    if (random.chance(this.faults.bitRot.rate)) this.rot()
    const doneMicros = this.doneAt(bytes.length)
    const failure = this.#refuse(file, path, offset, bytes)
    if (failure !== undefined) return { doneMicros, failure }
    const elsewhere = drawMisdirection(
      random,
      this.faults.misdirectedWrite,
      offset,
      bytes.length,
      file.sizeBytes
    )
    const strays = elsewhere !== undefined && this.#mayDamage(path, Math.floor(elsewhere / sectorBytes))
    if (strays) this.strike("misdirected-write", { path, offset, elsewhere })
    const lag = drawLie(random, this.faults.lyingSync)
    if (lag !== undefined) this.strike("lying-sync", { path, offset, lag })
    this.#settle()
    this.writes++
    const at = strays ? elsewhere : offset
    // From a pool: most writes are short, and arrays of their own take longer to make than to fill.
    const before = file.read(at, bytes.length, Buffer.allocUnsafe(bytes.length))
    // The caller may use its buffer again once the write is done.
    const copy = Buffer.from(bytes)
    store(file, offset, copy, at)
    const durableMicros = doneMicros + (lag ?? 0)
    this.#volatile.push({
      file,
      path,
      offset: at,
      meantOffset: offset,
      bytes: copy,
      before,
      acknowledgedMicros: doneMicros,
      durableMicros
    })
    this.onBegun?.(doneMicros, false)
    return { doneMicros, failure: undefined }
  }

  #refuse(file: SectorFile, path: string, offset: number, bytes: Uint8Array): DiskFailed | undefined {
    const { random } = this.kernel
    const failed = drawFailedWrite(random, this.faults.failedWrite, offset, bytes)
    if (failed !== undefined) {
      this.strike("failed-write", { path, offset })
      for (const part of failed) store(file, part.offset, part.bytes)
      return new DiskFailed({ operation: "write", path, full: false, reason: "input/output error" })
    }
    const stored = drawShortWrite(random, this.faults.shortWrite, bytes.length)
    if (stored === undefined) return undefined
    this.strike("short-write", { path, offset, stored })
    store(file, offset, bytes.subarray(0, stored))
    const reason = `only ${stored} of ${bytes.length} bytes were written`
    return new DiskFailed({ operation: "write", path, full: false, reason })
  }

  /** Whether a write or a change of a directory is under way. */
  isBusy(): boolean {
    const now = this.kernel.time.nowMicros
    return this.changes.size > 0 || this.#volatile.some((write) => isUnderWay(write, now))
  }

  /** The file of this path; undefined where there is none, or a power cut could take it back. */
  durableFile(path: string): SectorFile | undefined {
    return this.cached.isDurable(path, this.kernel.time.nowMicros) ? this.image.files.get(path) : undefined
  }

  /** Whether nothing of this stretch could still be lost to a power cut, by what the disk has said. */
  isDurable(path: string, offset: number, lengthBytes: number): boolean {
    const now = this.kernel.time.nowMicros
    return this.cached.isDurable(path, now) && isToldDurable(this.#volatile, path, offset, lengthBytes, now)
  }

  /**
   * Forgets the writes that have become durable meanwhile, up to the first that has not: later ones may
   * overlap it.
   */
  #settle(): void {
    const now = this.kernel.time.nowMicros
    const open = this.#volatile.findIndex((write) => write.durableMicros > now)
    if (open < 0) this.#volatile = []
    else if (open > 0) this.#volatile.splice(0, open)
  }
}
