/** Parts of states by number: equal parts get the same one, and each has a weight in every fingerprint. */
import { canonical, hashText, type Renaming } from "./canonical.ts"

/** Words of one weight: two for each renaming. */
const wordsOf = (renamings: ReadonlyArray<Renaming>): number => 2 * renamings.length

/**
 * Numbers values. `weights` holds, for each of them and each renaming of the nodes, a hash of the value under
 * these names; the fingerprint of a state is the sum over its parts.
 */
export class Pool<T> {
  readonly values: Array<T> = []
  weights: Int32Array
  readonly #name: string
  readonly #renamings: ReadonlyArray<Renaming>
  readonly #ids = new Map<string, number>()

  constructor(name: string, renamings: ReadonlyArray<Renaming>) {
    this.#name = name
    this.#renamings = renamings
    this.weights = new Int32Array(wordsOf(renamings) * 256)
  }

  intern(value: T): number {
    const text = canonical(value, this.#renamings[0]!)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.values.length
    this.#ids.set(text, id)
    this.values.push(value)
    this.#weigh(id, text, value)
    return id
  }

  #weigh(id: number, text: string, value: T): void {
    const words = wordsOf(this.#renamings)
    if ((id + 1) * words > this.weights.length) {
      const grown = new Int32Array(2 * this.weights.length)
      grown.set(this.weights)
      this.weights = grown
    }
    for (const [index, renaming] of this.#renamings.entries()) {
      const renamed = index === 0 ? text : canonical(value, renaming)
      const [high, low] = hashText(`${this.#name}:${renamed}`)
      this.weights[id * words + 2 * index] = high
      this.weights[id * words + 2 * index + 1] = low
    }
  }
}

/** All renamings of the nodes, the identity first. */
export const renamingsOf = (names: ReadonlyArray<string>): ReadonlyArray<Renaming> =>
  permutations(names).map((order) => new Map(names.map((name, index) => [name, order[index]!])))

/** All orders of some things, the one given first. */
export const permutations = <A>(of: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  of.length <= 1
    ? [of]
    : of.flatMap((one, index) =>
        permutations(of.filter((_, at) => at !== index)).map((rest) => [one, ...rest])
      )
