/** Seeded bugs: what a mutant is, and how its edits are made to a source text. */

/** One change of one file: `find` must stand in it exactly once. */
export interface Edit {
  /** Path below `src/`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/**
 * What a mutant breaks that only keeps the system from working; one that breaks a rule must be caught at
 * that.
 */
export const standstillLaw = "progress after faults"

/** A bug that somebody could have written, and that the simulator has to find. */
export interface Mutant {
  readonly id: string
  readonly edits: ReadonlyArray<Edit>
  /** The law that it should break. Any law that fires counts; another one than this is shown beside it. */
  readonly law: string
  /** What it does wrong, and where it is written that one must not. */
  readonly why: string
  /** Names of the scenarios that are to find it, tried in turn. */
  readonly scenarios: ReadonlyArray<string>
}

/**
 * The pattern of a mutant does not stand in its file exactly once: the code has changed, the mutant must be
 * written anew.
 */
export class MutantDoesNotFit extends Error {
  constructor(edit: Edit, count: number) {
    super(`${edit.file}: the text to replace stands there ${count} times, not once: ${edit.find}`)
    this.name = "MutantDoesNotFit"
  }
}

/** The text of `file` with the edits that are for it. */
export const applyEdits = (file: string, text: string, edits: ReadonlyArray<Edit>): string => {
  let result = text
  for (const edit of edits) {
    if (edit.file !== file) continue
    const count = result.split(edit.find).length - 1
    if (count !== 1) throw new MutantDoesNotFit(edit, count)
    result = result.replace(edit.find, () => edit.replace)
  }
  return result
}
