/**
 * Assertions about runs: what must hold always, and what must happen sometimes. Declared where a module is
 * loaded, so that none is forgotten.
 */

/** What is demanded of an assertion over all runs of a campaign. */
export type AssertionKind =
  | "always"
  | "alwaysOrUnreachable"
  | "sometimes"
  | "reachable"
  | "unreachable"
  | "watermark"
  | "sometimesAll"
  | "sometimesEach"

export interface Assertion {
  readonly kind: AssertionKind
  readonly name: string
}

/** An `always` that did not hold, or an `unreachable` that was reached: the run is a finding. */
export class AssertionViolated extends Error {
  readonly assertion: Assertion

  constructor(assertion: Assertion, details: string) {
    super(`${assertion.kind}: ${assertion.name}${details === "" ? "" : ` (${details})`}`)
    this.name = "AssertionViolated"
    this.assertion = assertion
  }
}

const catalogue = new Map<string, Assertion>()
/** Where the assertions of a run are noted. */
export interface AssertionSink {
  readonly passed: (assertion: Assertion) => void
  readonly happened: (assertion: Assertion) => void
  readonly rose: (assertion: Assertion, value: number) => void
  readonly shaped: (assertion: Assertion, shape: string | number, quality: number) => void
  readonly violated: (violation: AssertionViolated) => void
}

let current: AssertionSink | undefined

/** Every assertion of the code that has been loaded, in the order of their names. */
export const declaredAssertions = (): ReadonlyArray<Assertion> =>
  [...catalogue.values()].sort((a, b) => (a.name < b.name ? -1 : 1))

/** From now on assertions are noted there; nowhere, and without any effect, where it is undefined. */
export const noteAssertions = (sink: AssertionSink | undefined): void => {
  current = sink
}

const declare = (kind: AssertionKind, name: string): Assertion => {
  const known = catalogue.get(name)
  if (known !== undefined && known.kind !== kind)
    throw new Error(
      `the assertion "${name}" is declared as ${known.kind} and as ${kind}: give them two names`
    )
  const assertion = known ?? { kind, name }
  catalogue.set(name, assertion)
  return assertion
}

/** A condition that is checked where the code comes by. `details` is only asked for when it does not hold. */
export interface Check {
  readonly check: (condition: boolean, details?: () => string) => void
}

const condition = (kind: "always" | "alwaysOrUnreachable"): ((name: string) => Check) => {
  return (name) => {
    const assertion = declare(kind, name)
    return {
      check: (holds, details) => {
        current?.passed(assertion)
        if (!holds) current?.violated(new AssertionViolated(assertion, details?.() ?? ""))
      }
    }
  }
}

/**
 * Holds whenever it is checked, and is checked at least once in a campaign.
 *
 * @example
 * const oneHolder = always("a lock has one holder")
 * // in the code under test or in a workload:
 * oneHolder.check(holders.length <= 1, () => `held by ${holders.join(" and ")}`)
 */
export const always = condition("always")

/** Holds whenever it is checked; it need not be. */
export const alwaysOrUnreachable = condition("alwaysOrUnreachable")

/** Holds at least once in a campaign. A run that makes it hold for the first time is worth going on from. */
export const sometimes = (name: string): Check => {
  const assertion = declare("sometimes", name)
  return {
    check: (holds) => {
      if (holds) current?.happened(assertion)
    }
  }
}

/** A place that at least one run of a campaign comes by. */
export const reachable = (name: string): { readonly reach: () => void } => {
  const assertion = declare("reachable", name)
  return { reach: () => current?.happened(assertion) }
}

/** A place that no run may come by. */
export const unreachable = (name: string): { readonly reach: (details?: string) => void } => {
  const assertion = declare("unreachable", name)
  return { reach: (details = "") => current?.violated(new AssertionViolated(assertion, details)) }
}

/** A number that the search should make grow; the report says how far it came. */
export const watermark = (name: string): { readonly note: (value: number) => void } => {
  const assertion = declare("watermark", name)
  return { note: (value) => current?.rose(assertion, value) }
}

/** Several conditions that should once hold together; the more of them hold, the better the run. */
export const sometimesAll = (
  name: string
): { readonly check: (conditions: Readonly<Record<string, boolean>>) => void } => {
  const assertion = declare("sometimesAll", name)
  return {
    check: (conditions) => {
      if (current === undefined) return
      const all = Object.values(conditions)
      const holding = all.filter((holds) => holds).length
      current.rose(assertion, holding)
      if (holding === all.length) current.happened(assertion)
    }
  }
}

/**
 * Each of many shapes that a state can have should be seen; `quality` tells better visits of a shape from
 * worse.
 */
export const sometimesEach = (
  name: string
): { readonly note: (shape: string | number, quality?: number) => void } => {
  const assertion = declare("sometimesEach", name)
  return { note: (shape, quality = 0) => current?.shaped(assertion, shape, quality) }
}
