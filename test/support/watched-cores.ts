/** The cores as simulated nodes call them, with somebody who looks at each of their steps. */

/** What was seen of the steps so far. */
export const watched = { steps: 0, compared: 0, faults: [] as Array<string> }

/** Texts are dear: of so many steps one is compared. */
const every = 11

/** Told apart by every field, those included that the searches leave out. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, of) => {
    if (of instanceof Map) return [...of]
    return of instanceof Uint8Array ? Buffer.from(of).toString("hex") : of
  })

type Core = (...given: Array<never>) => unknown

/** A log is its actor's: it reads, and is not what a core could change. */
const isLog = (value: unknown): boolean => typeof value === "object" && value !== null && "ballotAt" in value

/** The core, asked twice. */
const twice = (name: string, core: Core): Core => {
  return (...given) => {
    if (++watched.steps % every !== 0) return core(...given)
    watched.compared++
    const values = given.filter((one) => !isLog(one))
    const before = textOf(values)
    const first = core(...given)
    const answer = textOf(first)
    const again = textOf(core(...given))
    if (again !== answer) watched.faults.push(`${name} answers ${answer}, and then ${again}`)
    if (textOf(values) !== before) watched.faults.push(`${name} changes what it was given: ${before}`)
    return first
  }
}

/** The core, whose states form one line: each step goes on from where the last one has led. */
const inLine = (name: string, core: Core, left: WeakSet<object>): Core => {
  return (...given) => {
    const from: object = given[0]!
    if (left.has(from)) watched.faults.push(`${name} goes on from a state that was left: ${textOf(from)}`)
    const step = core(...given) as { readonly state: object }
    if (step.state !== from) left.add(from)
    return step
  }
}

/** A module whose cores of these names are watched. */
export const watchedModule = <M extends object>(
  real: M,
  names: ReadonlyArray<keyof M & string>,
  areInLine: boolean
): M => {
  const left = new WeakSet<object>()
  const watchedCores = names.map((name) => {
    const core = twice(name, real[name] as Core)
    return [name, areInLine ? inLine(name, core, left) : core]
  })
  return { ...real, ...Object.fromEntries(watchedCores) }
}
