/** Numbers by which a simulation is described or run: what is none is refused, with a sentence. */
import type { Span } from "./kernel/timed-fault.ts"

const refused = (what: string, value: unknown, expected: string): RangeError =>
  new RangeError(`${what} is ${String(value)}: give ${expected}`)

/** Throws where it is no whole number from `least` on. */
export const expectCount = (what: string, value: number, least = 0): void => {
  if (!Number.isSafeInteger(value) || value < least)
    throw refused(what, value, `a whole number from ${least} on`)
}

/** The same of a limit, which may be infinite; one that is left out is none. */
export const expectLimit = (what: string, value: number | undefined, least = 0): void => {
  if (value !== undefined && value !== Number.POSITIVE_INFINITY) expectCount(what, value, least)
}

/** Throws where it is no time, in milliseconds; one that is left out is none. */
export const expectMs = (what: string, value: number | undefined): void => {
  if (value !== undefined && !(value >= 0)) throw refused(what, value, "a number from 0 on")
}

/** Throws where it is no probability. */
export const expectShare = (what: string, value: number): void => {
  if (!(value >= 0 && value <= 1)) throw refused(what, value, "a number from 0 to 1")
}

/** Throws where it is none of these; one that is left out is. */
export const expectOneOf = <A>(what: string, value: A | undefined, all: ReadonlyArray<A>): void => {
  if (value !== undefined && !all.includes(value)) throw refused(what, value, `one of ${all.join(", ")}`)
}

/** Throws where a span is none of whole numbers from `least` on. */
export const expectSpan = (what: string, { min, max }: Span, least = 0): void => {
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min < least || max < min)
    throw new RangeError(
      `${what} is from ${min} to ${max}: ` +
        `give two whole numbers from ${least} on, \`max\` no less than \`min\``
    )
}

/**
 * Throws where what was made at once is a promise: a run does not wait for any, so that what it holds would
 * come too late, or never.
 */
export const expectAtOnce = <A>(what: string, made: A): A => {
  if (typeof made !== "object" || made === null || !("then" in made) || typeof made.then !== "function")
    return made
  // Nobody else will hear of it.
  made.then(undefined, () => {})
  throw new TypeError(`${what} returned a promise: a run waits for none, so it must not be async`)
}
