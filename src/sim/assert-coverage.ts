/** What one run came upon of the declared assertions, and the sum over the runs of a campaign. */
import type { Assertion, AssertionSink, AssertionViolated } from "./assert.ts"
import { Journal, type Mark } from "./explore/journal.ts"
import type { CountedRandom } from "./kernel/random.ts"
import { isDemanded } from "./scopes.ts"

/** What is known of assertions, as plain data: it travels between threads. */
export interface CoverageFigures {
  /** How often each assertion was executed (`always`) or held (`sometimes` and the like), by name. */
  readonly counts: Readonly<Record<string, number>>
  readonly watermarks: Readonly<Record<string, number>>
  /** Shapes seen of each `sometimesEach`, with the best quality. */
  readonly shapes: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** The assertions of one run. */
export class Coverage implements AssertionSink {
  readonly counts = new Map<string, number>()
  readonly watermarks = new Map<string, number>()
  readonly shapes = new Map<string, Map<string, number>>()
  readonly #journal: Journal
  readonly #onViolation: (violation: AssertionViolated) => void

  constructor(random: CountedRandom, onViolation: (violation: AssertionViolated) => void) {
    this.#journal = new Journal(random)
    this.#onViolation = onViolation
  }

  /** What exploration can go on from. */
  get marks(): ReadonlyArray<Mark> {
    return this.#journal.marks
  }

  passed(assertion: Assertion): void {
    this.counts.set(assertion.name, (this.counts.get(assertion.name) ?? 0) + 1)
  }

  happened(assertion: Assertion): void {
    this.passed(assertion)
    this.#journal.once(assertion.name)
  }

  rose(assertion: Assertion, value: number): void {
    const best = this.watermarks.get(assertion.name)
    if (best !== undefined && best >= value) return
    this.watermarks.set(assertion.name, value)
    this.#journal.progress(assertion.name, value)
  }

  shaped(assertion: Assertion, shape: string | number, quality: number): void {
    let shapes = this.shapes.get(assertion.name)
    if (shapes === undefined) this.shapes.set(assertion.name, (shapes = new Map()))
    const best = shapes.get(String(shape))
    if (best !== undefined && best >= quality) return
    shapes.set(String(shape), quality)
    this.#journal.bucket(assertion.name, shape, quality)
  }

  violated(violation: AssertionViolated): void {
    this.passed(violation.assertion)
    this.#onViolation(violation)
  }

  figures(): CoverageFigures {
    return {
      counts: Object.fromEntries(this.counts),
      watermarks: Object.fromEntries(this.watermarks),
      shapes: Object.fromEntries([...this.shapes].map(([name, shapes]) => [name, Object.fromEntries(shapes)]))
    }
  }
}

/** Nothing seen yet. */
export const noCoverage: CoverageFigures = { counts: {}, watermarks: {}, shapes: {} }

const merge = (
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
  join: (x: number, y: number) => number
): Record<string, number> => {
  const merged: Record<string, number> = { ...a }
  for (const [name, value] of Object.entries(b)) {
    const known = merged[name]
    merged[name] = known === undefined ? value : join(known, value)
  }
  return merged
}

/** What both have seen together. */
export const addCoverage = (a: CoverageFigures, b: CoverageFigures): CoverageFigures => {
  const shapes: Record<string, Readonly<Record<string, number>>> = { ...a.shapes }
  for (const [name, seen] of Object.entries(b.shapes))
    shapes[name] = merge(shapes[name] ?? {}, seen, Math.max)
  return {
    counts: merge(a.counts, b.counts, (x, y) => x + y),
    watermarks: merge(a.watermarks, b.watermarks, Math.max),
    shapes
  }
}

/** Whether `next` has seen anything that `known` has not. */
export const seesMore = (known: CoverageFigures, next: CoverageFigures): boolean =>
  Object.keys(next.counts).some((name) => known.counts[name] === undefined) ||
  Object.entries(next.watermarks).some(([name, value]) => value > (known.watermarks[name] ?? -Infinity)) ||
  Object.entries(next.shapes).some(([name, shapes]) =>
    Object.keys(shapes).some((shape) => known.shapes[name]?.[shape] === undefined)
  )

const mayStayUnseen = new Set(["alwaysOrUnreachable", "unreachable", "watermark", "sometimesEach"])

/** Declared assertions that a campaign with these scopes should come by. */
export const demanded = (
  declared: ReadonlyArray<Assertion>,
  scopes: ReadonlySet<string>
): ReadonlyArray<Assertion> =>
  declared.filter(({ kind, name }) => !mayStayUnseen.has(kind) && isDemanded(name, scopes))

/** Those of the demanded ones that were not come by. */
export const unseen = (due: ReadonlyArray<Assertion>, figures: CoverageFigures): ReadonlyArray<Assertion> =>
  due.filter(({ name }) => figures.counts[name] === undefined)
