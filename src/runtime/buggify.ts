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

/**
 * True now and then in a simulation, never outside: stands where the code must cope with something rare. It
 * strikes in seeds that have the family `buggified`, at some sites each, for as long as faults do.
 *
 * @param site names the place, in the whole program.
 *
 * @example
 * const batch = buggify("outbox: a batch of one") ? waiting.slice(0, 1) : waiting
 */
export const buggify = (site: string): boolean => disturber?.chance(site) === true

/**
 * Names a point of the code, such as the one between a durable write and its reply, for crashes to strike at:
 * in a simulation, in seeds that have the family `crashPoints`. The process is killed there, or its machine
 * loses its power; what comes after the call may still run, and nothing of it reaches the bus or the disk.
 *
 * @example
 * yield* files.writeFileAtomic(path, bytes)
 * hint("outbox: written, not sent")
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

/**
 * Declares a knob, once, where a module is loaded. In a simulation, seeds that have the family `buggified`
 * turn some knobs; everywhere else `value` is `normal`.
 *
 * @param name unlike that of any other knob of the program.
 * @param normal the size or interval, in whatever unit, as a whole number.
 * @param range how far a simulation may turn it, both ends included, from 0 on. Throws where it is none.
 *
 * @example
 * const batchMax = knob("outbox: messages of one batch", 100, { min: 1, max: 500 })
 * const batch = waiting.slice(0, batchMax.value)
 */
export const knob = (
  name: string,
  normal: number,
  range: { readonly min: number; readonly max: number }
): Knob => {
  const { min, max } = range
  if (!(Number.isFinite(normal) && min >= 0 && max >= min && Number.isFinite(max)))
    throw new RangeError(
      `knob: "${name}" is ${normal}, and may be turned from ${min} to ${max}: ` +
        "give numbers from 0 on, `max` no less than `min`"
    )
  const made: Knob = { name, normal, ...range, value: normal }
  all.push(made)
  return made
}

/** Every knob of the code that has been loaded, by name. */
export const knobs = (): ReadonlyArray<Knob> => [...all].sort((a, b) => (a.name < b.name ? -1 : 1))
