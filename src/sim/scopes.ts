/**
 * Scopes of assertions: a name may begin with that of a simulation, a workload or a family of faults and a
 * colon, as in `registers: a write was lost`, and is then demanded only where that took part.
 */

/** Names that were given to something, in this thread; at first those of what brings assertions with it. */
const known = new Set(["commands", "idlers", "local-reads", "milestones", "point"])

/** These are names of simulations, workloads or families of faults. */
export const knowScopes = (names: Iterable<string>): void => {
  for (const name of names) known.add(name)
}

/** Workloads have their names only when a run has made them: a word like this is taken for one. */
const word = /^[a-z-]+$/

/** All that may be a scope of an assertion: what stands before a colon in its name. */
const candidates = (name: string): ReadonlyArray<string> =>
  name
    .split(": ")
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join(": "))

/**
 * The scopes of an assertion: names of something, or words that may be. None: what stands before a colon is
 * part of what it says, and it is demanded everywhere.
 */
export const scopesOf = (name: string): ReadonlyArray<string> =>
  candidates(name).filter((candidate) => known.has(candidate) || word.test(candidate))

/** Whether an assertion is demanded of runs in which these took part. */
export const isDemanded = (name: string, tookPart: ReadonlySet<string>): boolean =>
  candidates(name).some((candidate) => tookPart.has(candidate)) || scopesOf(name).length === 0

/** The scope of an assertion that is the name of nothing that is known here. */
export const strangeScopeOf = (name: string, tookPart: ReadonlySet<string>): string | undefined => {
  const scopes = scopesOf(name)
  return scopes.some((scope) => known.has(scope) || tookPart.has(scope)) ? undefined : scopes[0]
}
