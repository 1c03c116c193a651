/** Latencies counted in buckets of about 2 %, so that those of several processes can be added up. */

const growth = 1.02
const logGrowth = Math.log(growth)
/** The first bucket ends here, in microseconds. */
const firstUs = 1

/** Counts by bucket number; what lies between two bucket bounds is told as the upper one. */
export class LatencyHistogram {
  readonly #counts = new Map<number, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  record(latencyMs: number): void {
    const us = Math.max(firstUs, latencyMs * 1000)
    this.#add(Math.ceil(Math.log(us / firstUs) / logGrowth), 1)
  }

  /** Adds the counts of another one, as `toJson` gave them. */
  merge(counts: Readonly<Record<string, number>>): void {
    for (const [bucket, count] of Object.entries(counts)) this.#add(Number(bucket), count)
  }

  /** The latency in milliseconds that a part `quantile` of all does not exceed; 0 where none was recorded. */
  quantileMs(quantile: number): number {
    let left = quantile * this.#total
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return (firstUs * growth ** bucket) / 1000
    }
    return 0
  }

  toJson(): Record<string, number> {
    return Object.fromEntries([...this.#counts].map(([bucket, count]) => [String(bucket), count]))
  }

  #add(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count)
    this.#total += count
  }
}
