/** What the port needs of a simulated disk. */
import type { DiskFailed } from "../../runtime/storage/port.ts"
import type { Kernel } from "../kernel/kernel.ts"
import type { Incarnation } from "../kernel/node.ts"
import type { TraceFields } from "../trace/trace.ts"
import type { CachedChanges, MetadataChange } from "./cached-changes.ts"
import type { DiskImage } from "./image.ts"
import type { SectorFile } from "./sectors.ts"
import type { DiskFaults } from "./settings.ts"

export interface WriteOutcome {
  readonly doneMicros: number
  readonly failure: DiskFailed | undefined
}

/** Told of what begins until when it is under way, and whether it is a change of a directory. */
export type OnBegun = (doneMicros: number, isChange: boolean) => void

export interface MountedDisk {
  readonly kernel: Kernel
  readonly name: string
  readonly image: DiskImage
  readonly faults: DiskFaults
  readonly capacityBytes: number
  readonly locks: Map<string, Incarnation>
  readonly changes: Set<MetadataChange>
  readonly cached: CachedChanges
  readonly onBegun: OnBegun | undefined
  readonly doneAt: (lengthBytes: number) => number
  readonly write: (file: SectorFile, path: string, offset: number, bytes: Uint8Array) => WriteOutcome
  readonly strike: (fault: string, fields?: TraceFields) => void
}
