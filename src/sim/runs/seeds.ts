/** The seeds of a campaign: those that once failed come first, then new ones, until a rule says stop. */
import { formatRecipe, type Recipe, readRecipe } from "../kernel/random.ts"
import { expectCount, expectLimit } from "../refuse.ts"
import type { CampaignReport } from "./report.ts"

/** A run that once failed, kept so that it never does again unseen. */
export interface KnownSeed {
  readonly simulation: string
  /** A seed or a recipe. */
  readonly recipe: string
  /** What it found. */
  readonly found: string
}

/** A file of known seeds that cannot be used; the message says where. */
export class BadSeeds extends Error {
  constructor(problem: string) {
    super(`the file of known seeds cannot be used: ${problem}`)
    this.name = "BadSeeds"
  }
}

const isKnownSeed = (value: unknown): value is KnownSeed =>
  typeof value === "object" &&
  value !== null &&
  "simulation" in value &&
  typeof value.simulation === "string" &&
  "recipe" in value &&
  typeof value.recipe === "string" &&
  "found" in value &&
  typeof value.found === "string"

/** Reads a file of known seeds: a JSON list of `{ simulation, recipe, found }`. Throws `BadSeeds`. */
export const parseSeeds = (text: string): ReadonlyArray<KnownSeed> => {
  const parsed: unknown = JSON.parse(text)
  if (!Array.isArray(parsed)) throw new BadSeeds("it is no list")
  return parsed.map((entry: unknown, index) => {
    if (!isKnownSeed(entry)) throw new BadSeeds(`entry ${index + 1} lacks simulation, recipe or found`)
    const recipe = readRecipe(entry.recipe)
    if (typeof recipe === "string") throw new BadSeeds(`entry ${index + 1}: ${recipe}`)
    return entry
  })
}

/** When a campaign ends; with several rules, as soon as one says so. */
export interface StopRule {
  /** Seeds in all, those that are known not counted. Left out: no limit. */
  readonly seeds?: number
  /** Real time, in milliseconds. */
  readonly forMs?: number
  /** All assertions were seen, and nothing new came up for so many runs. */
  readonly stableRuns?: number
}

/** Whether coverage has settled. */
export const isStable = (rule: StopRule, report: CampaignReport): boolean =>
  rule.stableRuns !== undefined && report.unseen.length === 0 && report.runsSinceNews >= rule.stableRuns

/**
 * Recipes to run, as text: the known ones of a simulation, then the seeds from `from` on. Throws, when the
 * first one is taken, where `from` or the rule is none.
 */
export function* recipesOf(
  simulation: string,
  known: ReadonlyArray<KnownSeed>,
  from: number,
  rule: StopRule
): Generator<string> {
  expectCount("from", from)
  expectLimit("seeds", rule.seeds)
  for (const entry of known) if (entry.simulation === simulation) yield entry.recipe
  const end = from + (rule.seeds ?? Number.POSITIVE_INFINITY)
  for (let seed = from; seed < end; seed++) yield formatRecipe({ seed, reseeds: [] })
}

/** A recipe from its text. Throws where it is none. */
export const recipeOf = (text: string): Recipe => {
  const recipe = readRecipe(text)
  if (typeof recipe === "string") throw new RangeError(recipe)
  return recipe
}
