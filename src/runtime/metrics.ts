/**
 * Figures of one actor: plain counters on the hot path, read by Effect's metrics only when somebody looks.
 */
import { Context, Metric } from "effect"
import type { DeadLetterReason } from "./dead-letters.ts"

const boundariesMs = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 50, 100, 500, 1000, 5000, Number.POSITIVE_INFINITY]

/** A histogram of times whose `observe` allocates nothing. */
export class TimeHistogram {
  readonly #counts = boundariesMs.map(() => 0)
  #count = 0
  #sum = 0
  #min = Number.MAX_VALUE
  #max = -Number.MAX_VALUE

  get count(): number {
    return this.#count
  }

  observe(valueMs: number): void {
    let bucket = 0
    while (valueMs > boundariesMs[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#count++
    this.#sum += valueMs
    if (valueMs < this.#min) this.#min = valueMs
    if (valueMs > this.#max) this.#max = valueMs
  }

  /** Cumulative counts, as Effect's histograms have them. */
  state(): Metric.HistogramState {
    let cumulated = 0
    const buckets = boundariesMs.map((boundary, i): [number, number] => {
      cumulated += this.#counts[i]!
      return [boundary, cumulated]
    })
    return { buckets, count: this.#count, min: this.#min, max: this.#max, sum: this.#sum }
  }
}

const readOnly = <State>(get: () => State) => ({ get, update: () => undefined, modify: () => undefined })

const askHistogram = (actor: string) =>
  Metric.histogram("aplomb_actor_ask_ms", {
    description: "Time from question to answer",
    attributes: { actor },
    boundaries: boundariesMs
  })

interface Asked {
  readonly histogram: Metric.Histogram<number>
  /** No more of where it was first asked than what names the series: a context may hold a lot. */
  readonly context: Context.Context<never>
}

/** So many remote actors are shown at once: the addresses that a program asks may have no end. */
export const askedMax = 512

/** By registry, those asked last at the end. */
const askedIn = new WeakMap<object, Map<string, Asked>>()

/**
 * Counts the answer time of a remote actor, as this process sees it. Of more than `askedMax` those that were
 * not asked for the longest time are forgotten, and begin anew when they are asked again.
 */
export const observeAsk = (actor: string, tookMs: number, context: Context.Context<never>): void => {
  const registry = Context.get(context, Metric.MetricRegistry)
  const attributes = Context.get(context, Metric.CurrentMetricAttributes)
  let all = askedIn.get(registry)
  if (all === undefined) askedIn.set(registry, (all = new Map()))
  // Attributes of the program's own are part of the series.
  const own = Object.entries(attributes)
  const series = own.length === 0 ? actor : JSON.stringify([actor, ...own.sort()])
  let asked = all.get(series)
  if (asked === undefined) asked = { histogram: askHistogram(actor), context: namingOf(registry, attributes) }
  else all.delete(series)
  all.set(series, asked)
  asked.histogram.updateUnsafe(tookMs, asked.context)
  if (all.size <= askedMax) return
  for (const [first, { histogram, context: naming }] of all) {
    all.delete(first)
    Metric.removeUnsafe(histogram, naming)
    return
  }
}

const namingOf = (
  registry: typeof Metric.MetricRegistry.Service,
  attributes: typeof Metric.CurrentMetricAttributes.Service
): Context.Context<never> =>
  Context.make(Metric.MetricRegistry, registry).pipe(Context.add(Metric.CurrentMetricAttributes, attributes))

/**
 * Whether actors show their figures among Effect's metrics. A simulation starts thousands of actors at which
 * nobody looks, and to show one takes longer than to spawn it.
 */
export const ShowsFigures = Context.Reference<boolean>("aplomb/runtime/ShowsFigures", {
  defaultValue: () => true
})

const hidden = (): void => {}

/** The counters of one actor. `handling` has one entry for each message (each batch of a batch actor). */
export class ActorMetrics {
  /** Messages handed to the actor's handler. */
  processed = 0
  /** Crashes: of a handler, of `onStart`, of `onStop`, or of a child that escalated. */
  failures = 0
  restarts = 0
  readonly deadLetters = new Map<DeadLetterReason, number>()
  readonly handling = new TimeHistogram()
  /** Time from a question to its answer, as this process saw it, for questions that were answered. */
  readonly asking = new TimeHistogram()

  countDeadLetter(reason: DeadLetterReason): void {
    this.deadLetters.set(reason, (this.deadLetters.get(reason) ?? 0) + 1)
  }

  /**
   * Makes the figures visible as `aplomb_actor_*` with the attribute `actor` in the metric registry of
   * `context`; the returned function takes them out again. Of two actors of one name the later is seen: give
   * them different names. Shows nothing where the context says so.
   */
  register(name: string, depth: () => number, context: Context.Context<never>): () => void {
    if (!Context.get(context, ShowsFigures)) return hidden
    const attributes = { actor: name }
    const counter = (id: string, description: string, get: () => number) =>
      Metric.registerUnsafe(
        Metric.counter(`aplomb_actor_${id}`, { description, attributes, incremental: true }),
        context,
        readOnly(() => ({ count: get(), incremental: true }))
      )
    const histogram = (id: string, description: string, times: TimeHistogram) =>
      Metric.registerUnsafe(
        Metric.histogram(`aplomb_actor_${id}`, { description, attributes, boundaries: boundariesMs }),
        context,
        readOnly(() => times.state())
      )
    const registrations = [
      counter("processed", "Messages handled", () => this.processed),
      counter("failures", "Crashes", () => this.failures),
      counter("restarts", "Restarts after a crash", () => this.restarts),
      histogram("handling_ms", "Time spent on one message or batch", this.handling),
      histogram("ask_ms", "Time from question to answer", this.asking),
      Metric.registerUnsafe(
        Metric.gauge("aplomb_actor_mailbox_depth", { description: "Messages that wait", attributes }),
        context,
        readOnly(() => ({ value: depth() }))
      ),
      Metric.registerUnsafe(
        Metric.frequency("aplomb_actor_dead_letters", { description: "Messages nobody handled", attributes }),
        context,
        readOnly(() => ({ occurrences: this.deadLetters }))
      )
    ]
    return () => {
      for (const registration of registrations) registration.remove()
    }
  }
}
