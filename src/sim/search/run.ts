/** One search as somebody asks for it: a scope, a way to search it, limits; and what came of it, in words. */
import { realCores } from "./cores.ts"
import { ExhaustiveSearch, type Found } from "./exhaustive.ts"
import type { Model } from "./model.ts"
import { type Effort, Portfolio } from "./portfolio.ts"
import { findScope } from "./scopes.ts"
import { shrink } from "./shrink.ts"
import { strategies } from "./strategies.ts"

/** What to search and how far. */
export interface SearchRequest {
  readonly scope: string
  /** "exhaustive", "walks" for all strategies in turns, or the name of one of them. */
  readonly strategy: string
  readonly seed: number
  /** Walks of each strategy at most. */
  readonly walksMax: number
  /** Bytes that an exhaustive search may take for its states. */
  readonly bytesMax: number
}

/** How far a search is. */
export interface SearchProgress {
  readonly states: number
  /** Actions looked at, by walks or by the exhaustive search. */
  readonly transitions: number
  readonly depth: number
  readonly efforts: ReadonlyArray<Effort>
}

/** A broken law as people read it. */
export interface Finding {
  readonly broken: string
  readonly strategy: string
  /** The steps that lead to it from the first state. */
  readonly steps: ReadonlyArray<string>
  /** How many there were before they were shrunk. */
  readonly stepsFound: number
}

export interface SearchVerdict extends SearchProgress {
  readonly found: Finding | undefined
  /** Every state of the scope was seen. */
  readonly isComplete: boolean
}

/** A search under way; a caller goes on with it for as long as it likes. */
export interface SearchRun {
  /** Goes on for some milliseconds at most; the verdict, once there is one. */
  readonly advance: () => SearchVerdict | undefined
  readonly progress: () => SearchProgress
}

/** Names of the ways to search. */
export const strategyNames: ReadonlyArray<string> = [
  "exhaustive",
  "walks",
  ...strategies.map(({ name }) => name)
]

const statesAtOnce = 10_000

/** Begins a search; the reason why not, where a name is not known. */
export const beginSearch = (request: SearchRequest): SearchRun | string => {
  const scope = findScope(request.scope)
  if (scope === undefined)
    return `there is no scope called "${request.scope}"; aplomb sim search --scopes lists them`
  if (!strategyNames.includes(request.strategy)) return `there is no strategy called ${request.strategy}`
  const model = scope.make(realCores)
  return request.strategy === "exhaustive" ? exhaustive(model, request) : walks(model, request)
}

const exhaustive = (model: Model, { bytesMax }: SearchRequest): SearchRun => {
  const search = new ExhaustiveSearch(model, { bytesMax })
  const progress = () => ({ ...search.report, efforts: [] })
  return {
    progress,
    advance: () => {
      const verdict = search.advance(statesAtOnce)
      if (verdict === undefined) return undefined
      const { found, isComplete } = verdict
      return { ...progress(), isComplete, found: found && findingOf(model, found, "exhaustive") }
    }
  }
}

const walks = (model: Model, { strategy, seed, walksMax }: SearchRequest): SearchRun => {
  const chosen = strategies.filter(({ name }) => strategy === "walks" || name === strategy)
  const portfolio = new Portfolio(model, chosen, { seed, walksMax })
  const progress = () => {
    const { efforts } = portfolio.report
    const transitions = efforts.reduce((sum, { steps }) => sum + steps, 0)
    return { states: 0, transitions, depth: 0, efforts }
  }
  return {
    progress,
    advance: () => {
      const verdict = portfolio.advance(1)
      if (verdict === undefined) return undefined
      const { found } = verdict
      return { ...progress(), isComplete: false, found: found && findingOf(model, found, found.strategy) }
    }
  }
}

const findingOf = (model: Model, found: Found, strategy: string): Finding => {
  const { broken, actions } = shrink(model, found)
  return {
    broken,
    strategy,
    steps: actions.map((action) => model.describe(action)),
    stepsFound: found.actions.length
  }
}
