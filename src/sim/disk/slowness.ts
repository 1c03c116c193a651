/** How long the disk takes: latency, bandwidth, stalls of the whole disk, and times of throttling. */
import type { Latency } from "../bus/latency.ts"
import { drawLatency } from "../bus/latency.ts"
import type { CountedRandom } from "../kernel/random.ts"
import { drawSpan, type Span } from "../kernel/timed-fault.ts"

export interface Slowness {
  readonly latency: Latency
  readonly bytesPerSecond: number
  /** Probability, at each operation, that the disk stands still. */
  readonly stallRate: number
  readonly stallMicros: Span
  /** Probability, at each operation, that the disk is throttled for a while. */
  readonly throttleRate: number
  readonly throttleMicros: Span
  /** By how much everything is slower while throttled. */
  readonly throttleFactor: number
}

export const briskDisk: Slowness = {
  latency: { kind: "fixed", micros: 200 },
  bytesPerSecond: 200_000_000,
  stallRate: 0,
  stallMicros: { min: 50_000, max: 500_000 },
  throttleRate: 0,
  throttleMicros: { min: 500_000, max: 5_000_000 },
  throttleFactor: 10
}

/** The pace of one disk: until when it stands still, until when it is throttled. */
export class Pace {
  stalledUntilMicros = 0
  throttledUntilMicros = 0

  /**
   * When an operation of this size that starts now is done. `strike` hears of stalls and throttles that
   * begin.
   */
  doneAt(
    random: CountedRandom,
    settings: Slowness,
    nowMicros: number,
    lengthBytes: number,
    strike: (fault: string, micros: number) => void
  ): number {
    if (random.chance(settings.stallRate)) {
      const micros = drawSpan(random, settings.stallMicros)
      this.stalledUntilMicros = Math.max(this.stalledUntilMicros, nowMicros + micros)
      strike("disk-stall", micros)
    }
    if (random.chance(settings.throttleRate)) {
      const micros = drawSpan(random, settings.throttleMicros)
      this.throttledUntilMicros = Math.max(this.throttledUntilMicros, nowMicros + micros)
      strike("disk-throttle", micros)
    }
    const start = Math.max(nowMicros, this.stalledUntilMicros)
    const took =
      drawLatency(random, settings.latency) + Math.ceil((lengthBytes * 1e6) / settings.bytesPerSecond)
    return start + (nowMicros < this.throttledUntilMicros ? Math.ceil(took * settings.throttleFactor) : took)
  }
}
