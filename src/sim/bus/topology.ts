/**
 * Where nodes stand, and what distance adds to the way of a message: same machine, zone, region, or across.
 */

import type { CountedRandom } from "../kernel/random.ts"
import type { Span } from "../kernel/timed-fault.ts"
import { drawSpan } from "../kernel/timed-fault.ts"

/** Where a node stands. Names are free; two nodes of equal names stand together. */
export interface Place {
  readonly machine: string
  readonly zone: string
  readonly region: string
}

/**
 * Extra latency of a link in microseconds, drawn once for each ordered pair of nodes and kept for the run.
 */
export interface Distances {
  readonly sameMachineMicros: Span
  readonly sameZoneMicros: Span
  readonly sameRegionMicros: Span
  readonly acrossMicros: Span
}

/** The usual figures of a cloud. */
export const cloudDistances: Distances = {
  sameMachineMicros: { min: 10, max: 50 },
  sameZoneMicros: { min: 100, max: 500 },
  sameRegionMicros: { min: 500, max: 2_000 },
  acrossMicros: { min: 20_000, max: 80_000 }
}

/** What the distance between two places adds; nothing, and no draw, where no distances are set. */
export const drawDistance = (
  random: CountedRandom,
  distances: Distances | undefined,
  from: Place,
  to: Place
): number => {
  if (distances === undefined) return 0
  if (from.region !== to.region) return drawSpan(random, distances.acrossMicros)
  if (from.zone !== to.zone) return drawSpan(random, distances.sameRegionMicros)
  if (from.machine !== to.machine) return drawSpan(random, distances.sameZoneMicros)
  return drawSpan(random, distances.sameMachineMicros)
}
