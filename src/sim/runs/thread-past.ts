/** What a thread has run, so that a run that does not fail by itself can be found again behind the others. */

/** More of them would fill the memory of a campaign that runs for days. */
const recipesMax = 20_000

export class ThreadPast {
  readonly #recipes: Array<string> = []

  /** The recipes in the order in which they were run. */
  recipes(): ReadonlyArray<string> {
    return [...this.#recipes]
  }

  add(recipe: string): void {
    this.#recipes.push(recipe)
    if (this.#recipes.length > recipesMax) this.#recipes.shift()
  }
}
