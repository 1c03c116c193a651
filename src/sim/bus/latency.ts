/** How long a message is on its way: fixed, uniform, exponential, or with the heavy tail of real networks. */
import type { CountedRandom } from "../kernel/random.ts"

export type Latency =
  | { readonly kind: "fixed"; readonly micros: number }
  | { readonly kind: "uniform"; readonly minMicros: number; readonly maxMicros: number }
  /** At least `minMicros`, and `meanMicros` more on average. */
  | { readonly kind: "exponential"; readonly minMicros: number; readonly meanMicros: number }
  /** Uniform, but a share of the messages takes `slowFactor` times as long. */
  | {
      readonly kind: "bimodal"
      readonly minMicros: number
      readonly maxMicros: number
      readonly slowShare: number
      readonly slowFactor: number
    }

/** One drawn latency, in whole microseconds. A fixed one draws nothing. */
export const drawLatency = (random: CountedRandom, latency: Latency): number => {
  switch (latency.kind) {
    case "fixed":
      return latency.micros
    case "uniform":
      return random.range(latency.minMicros, latency.maxMicros)
    case "exponential": {
      const share = (random.bits() + 1) / 4294967297
      return latency.minMicros + Math.round(-Math.log(share) * latency.meanMicros)
    }
    case "bimodal": {
      const usual = random.range(latency.minMicros, latency.maxMicros)
      return random.chance(latency.slowShare) ? Math.round(usual * latency.slowFactor) : usual
    }
  }
}
