/**
 * Places where a simulation may disturb shipped code: knobs, chances and named points, all of them inert
 * outside of one.
 */

/** What a simulation does at the places of this file. */
export interface Disturber {
  /** Whether the site misbehaves this time. */
  readonly chance: (site: string) => boolean
  /** The code has come to a named point; the process may be killed here. */
  readonly point: (name: string) => void
}

let disturber: Disturber | undefined

/** Begins a disturbance, or ends it. One at a time in a thread: simulations are synchronous. */
export const disturb = (next: Disturber | undefined): void => {
  disturber = next
}

/** True now and then in a simulation, never outside: stands where the code must cope with something rare. */
export const buggify = (site: string): boolean => disturber?.chance(site) === true

/**
 * Names a point of the code, such as the one between a durable write and its reply, for crashes to strike at.
 */
export const hint = (point: string): void => {
  disturber?.point(point)
}

/** A size or an interval that no correctness may depend on. Read `value` at each use. */
export interface Knob {
  readonly name: string
  readonly normal: number
  /** How far a simulation may turn it. */
  readonly min: number
  readonly max: number
  value: number
}

const all: Array<Knob> = []

/** Declares a knob, once, where a module is loaded. */
export const knob = (
  name: string,
  normal: number,
  range: { readonly min: number; readonly max: number }
): Knob => {
  const made: Knob = { name, normal, ...range, value: normal }
  all.push(made)
  return made
}

/** Every knob of the code that has been loaded, by name. */
export const knobs = (): ReadonlyArray<Knob> => [...all].sort((a, b) => (a.name < b.name ? -1 : 1))
