/**
 * The counted stream: certain answers are free, recipes replay, and a log names the first draw that differs.
 */
import { describe, expect, it } from "vitest"
import { CountedRandom, formatRecipe, parseRecipe, recipeFrom } from "./random.ts"

const take = (random: CountedRandom, count: number) => Array.from({ length: count }, () => random.bits())

describe("the counted random stream", () => {
  it("gives the same draws for the same seed and others for another, also beyond 32 bits", () => {
    expect(take(new CountedRandom(7), 50)).toEqual(take(new CountedRandom(7), 50))
    expect(take(new CountedRandom(7), 50)).not.toEqual(take(new CountedRandom(8), 50))
    expect(take(new CountedRandom(7), 50)).not.toEqual(take(new CountedRandom(7 + 2 ** 32), 50))
  })

  it("takes no seed that another one would be taken for", () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => recipeFrom(seed)).toThrow(`a seed is a whole number from 0 to 2^53 - 1; ${seed} is none`)
      expect(() => recipeFrom({ seed: 1, reseeds: [{ count: 3, seed }] })).toThrow(`${seed} is none`)
    }
    expect(recipeFrom(0)).toEqual({ seed: 0, reseeds: [] })
    expect(parseRecipe("9007199254740993")).toBeUndefined()
    expect(parseRecipe("1 -> 2@9007199254740993")).toBeUndefined()
  })

  it("draws nothing where the answer is certain", () => {
    const random = new CountedRandom(1)
    expect([random.chance(0), random.chance(1), random.below(1), random.range(4, 4)]).toEqual([
      false,
      true,
      0,
      4
    ])
    expect(random.pick(["only"])).toBe("only")
    expect(
      random.weighted([
        ["never", 0],
        ["always", 2]
      ])
    ).toBe("always")
    expect(random.count).toBe(0)
  })

  it("is about uniform and stays in range", () => {
    const random = new CountedRandom(3)
    const buckets = new Array<number>(10).fill(0)
    for (let index = 0; index < 20_000; index++) buckets[random.below(10)]!++
    for (const bucket of buckets) expect(Math.abs(bucket - 2000)).toBeLessThan(250)
    for (let index = 0; index < 1000; index++) {
      const value = random.double()
      expect(value >= 0 && value < 1).toBe(true)
    }
    expect(random.shuffle([1, 2, 3, 4, 5]).toSorted()).toEqual([1, 2, 3, 4, 5])
  })

  it("weighs as asked", () => {
    const random = new CountedRandom(5)
    let heavy = 0
    for (let index = 0; index < 10_000; index++)
      if (
        random.weighted([
          ["light", 1],
          ["heavy", 3]
        ]) === "heavy"
      )
        heavy++
    expect(Math.abs(heavy - 7500)).toBeLessThan(300)
  })

  it("follows a recipe: the prefix of one seed, then the stream of another", () => {
    const recipe = parseRecipe("7 -> 10@99")
    expect(recipe).toEqual({ seed: 7, reseeds: [{ count: 10, seed: 99 }] })
    expect(take(new CountedRandom(recipe!), 15)).toEqual([
      ...take(new CountedRandom(7), 10),
      ...take(new CountedRandom(99), 5)
    ])
  })

  it("reads back the recipes it writes and refuses what is none", () => {
    const text = "7 -> 10@99 -> 250@3"
    expect(formatRecipe(parseRecipe(text)!)).toBe(text)
    for (const bad of ["", "x", "7 -> 10", "7 -> 10@1 -> 10@2", "7 -> 20@1 -> 10@2", "-1"]) {
      expect(parseRecipe(bad)).toBeUndefined()
    }
  })

  it("names the first draw that differs, in value or in time", () => {
    const run = (lateAt: number) => {
      const random = new CountedRandom(7, { record: true })
      for (let index = 0; index < 3000; index++) {
        random.nowMicros = index >= lateAt ? 1 : 0
        random.bits()
      }
      return random.log!
    }
    expect(run(5000).firstDifference(run(5000))).toBeUndefined()
    expect(run(5000).firstDifference(run(1234))).toBe(1234)
  })
})
