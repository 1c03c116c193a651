/** What the port needs of a simulated disk. */
import type { DiskFailed } from "../../runtime/storage/port.ts"
import type { Kernel } from "../kernel.ts"
import type { Incarnation } from "../kernel-node.ts"
import type { TraceFields } from "../trace.ts"
import type { DiskImage } from "./image.ts"
import type { SectorFile } from "./sectors.ts"

/** A change of files as a whole (made, replaced, removed) that is under way. */
export interface MetadataChange {
  readonly apply: () => void
}

export interface WriteOutcome {
  readonly doneMicros: number
  readonly failure: DiskFailed | undefined
}

export interface MountedDisk {
  readonly kernel: Kernel
  readonly name: string
  readonly image: DiskImage
  readonly capacityBytes: number
  readonly locks: Map<string, Incarnation>
  readonly changes: Set<MetadataChange>
  readonly doneAt: (lengthBytes: number) => number
  readonly write: (file: SectorFile, path: string, offset: number, bytes: Uint8Array) => WriteOutcome
  readonly strike: (fault: string, fields?: TraceFields) => void
}
