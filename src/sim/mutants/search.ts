/** The search with a seeded bug in the cores: what `aplomb sim search --mutant` loads. */
import type { SearchRequest, SearchRun } from "../search/run.ts"
import { mutants } from "./catalogue.ts"
import { searchMutants } from "./catalogue-search.ts"
import { exhaustiveMutants } from "./catalogue-search-exhaustive.ts"
import { importMutated } from "./hooks.ts"
import type { Mutant } from "./mutant.ts"

interface Searching {
  readonly beginSearch: (request: SearchRequest) => SearchRun | string
}

/** A mutant of the cores, and the scope in which it is known to be found. */
export interface MutatedSearch extends Searching {
  readonly id: string
  readonly scope: string | undefined
}

/** The ids of all mutants that change nothing but the cores. */
export const searchMutantIds = (): ReadonlyArray<string> => candidates().map(({ id }) => id)

interface Candidate {
  readonly id: string
  readonly scope?: string
  readonly edits: Mutant["edits"]
}

/** Where it is known in which scope one of the simulator's is found, it is named with it. */
const candidates = (): ReadonlyArray<Candidate> => {
  const known = [...searchMutants, ...exhaustiveMutants]
  const ids = new Set(known.map(({ id }) => id))
  const isOfCores = ({ edits }: Mutant) => edits.every(({ file }) => file.startsWith("protocol/"))
  return [...known, ...mutants.filter((mutant) => isOfCores(mutant) && !ids.has(mutant.id))]
}

/**
 * Loads the search with the mutant of this id, or the only one whose id begins like this; undefined: none.
 */
export const loadMutatedSearch = async (id: string): Promise<MutatedSearch | undefined> => {
  const all = candidates()
  const alike = all.filter((one) => one.id.startsWith(id))
  const mutant = all.find((one) => one.id === id) ?? (alike.length === 1 ? alike[0] : undefined)
  if (mutant === undefined) return undefined
  const edited = { id: mutant.id, edits: mutant.edits, law: "", why: "", scenarios: [] }
  const { beginSearch } = (await importMutated("sim/search/run.ts", edited)) as Searching
  return { id: mutant.id, scope: mutant.scope, beginSearch }
}
