/** A machine with a simulated disk and one preallocated file, for tests. */
import { Effect, type Scope } from "effect"
import { type DiskFailed, type FileHandle, Files, type FilesShape } from "../../runtime/storage/port.ts"
import { Kernel } from "../kernel/kernel.ts"
import type { SimNode } from "../kernel/node.ts"
import { SimDisk } from "./disk.ts"
import { type DiskFaults, type DiskOptions, sound } from "./settings.ts"

export interface TestDisk {
  readonly kernel: Kernel
  readonly disk: SimDisk
  readonly node: SimNode
  readonly files: FilesShape
  /** An open file of 64 sectors. */
  readonly file: FileHandle
}

/**
 * Runs a program on a machine with such a disk and gives what it returned; a run that does not complete fails
 * the test.
 */
export const onDisk = <A>(
  faults: Partial<DiskFaults>,
  program: (world: TestDisk) => Effect.Effect<A, unknown, Scope.Scope | Files>,
  options: { readonly seed?: number } & Omit<DiskOptions, "faults"> = {}
): { readonly value: A; readonly kernel: Kernel; readonly disk: SimDisk } => {
  const kernel = new Kernel({ seed: options.seed ?? 1 })
  const disk = new SimDisk(kernel, "a", options)
  const node = kernel.addNode("a")
  const files = disk.mount(node.boot())
  const all = Effect.gen(function* () {
    yield* files.makeDirectory("/data")
    yield* files.preallocate("/data/log", 64 * 512)
    const file = yield* files.open("/data/log")
    disk.faults = { ...sound, ...faults }
    return yield* program({ kernel, disk, node, files, file })
  })
  const outcome = kernel.run(Effect.scoped(Effect.provideService(all, Files, files)))
  if (outcome._tag !== "Completed") throw new Error(`the run ended as ${JSON.stringify(outcome)}`)
  if (outcome.exit._tag === "Failure") throw new Error(String(outcome.exit.cause))
  return { value: outcome.exit.value, kernel, disk }
}

/** Writes and waits until it is durable or has failed. */
export const write = (file: FileHandle, offset: number, bytes: Uint8Array): Effect.Effect<void, DiskFailed> =>
  Effect.callback<void, DiskFailed>((resume) => {
    file.write(offset, bytes, (failure) => resume(failure === undefined ? Effect.void : Effect.fail(failure)))
  })

export const filled = (lengthBytes: number, value: number): Uint8Array =>
  new Uint8Array(lengthBytes).fill(value)

/** The distinct byte values of each sector of a stretch, such as `[[7], [0, 7]]`. */
export const sectorValues = (bytes: Uint8Array): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: Math.ceil(bytes.length / 512) }, (_, sector) =>
    [...new Set(bytes.subarray(sector * 512, (sector + 1) * 512))].sort((a, b) => a - b)
  )
