/** Assertions: what is noted in a run, what ends it, and what a campaign misses. */
import { afterEach, describe, expect, it } from "vitest"
import {
  type AssertionViolated,
  always,
  declaredAssertions,
  noteAssertions,
  reachable,
  sometimes,
  sometimesAll,
  sometimesEach,
  unreachable,
  watermark
} from "./assert.ts"
import { addCoverage, Coverage, demanded, noCoverage, seesMore, unseen } from "./assert-coverage.ts"
import { CountedRandom } from "./kernel/random.ts"

const positive = always("sample: a number is positive")
const large = sometimes("sample: a number is large")
const place = reachable("sample: a place")
const abyss = unreachable("sample: an abyss")
const highest = watermark("sample: highest")
const both = sometimesAll("sample: both")
const colors = sometimesEach("sample: colors")

const begin = () => {
  const violations: Array<AssertionViolated> = []
  const random = new CountedRandom(1)
  const coverage = new Coverage(random, (violation) => violations.push(violation))
  noteAssertions(coverage)
  return { coverage, violations, random }
}

const scopes = new Set(["sample"])
const sample = () => declaredAssertions().filter(({ name }) => name.startsWith("sample: "))

afterEach(() => noteAssertions(undefined))

describe("an assertion", () => {
  it("is known before anything has run, and reported when no run comes by", () => {
    expect(
      sample()
        .map(({ kind }) => kind)
        .sort()
    ).toEqual([
      "always",
      "reachable",
      "sometimes",
      "sometimesAll",
      "sometimesEach",
      "unreachable",
      "watermark"
    ])
    const missed = unseen(demanded(sample(), scopes), noCoverage).map(({ name }) => name)
    expect(missed).toEqual([
      "sample: a number is large",
      "sample: a number is positive",
      "sample: a place",
      "sample: both"
    ])
  })

  it("of a scope that no run had is not demanded", () => {
    expect(unseen(demanded(sample(), new Set()), noCoverage)).toEqual([])
  })

  it("that does not hold ends the run, with the details that were asked for only then", () => {
    const { violations } = begin()
    let asked = 0
    positive.check(true, () => String(++asked))
    expect(asked).toBe(0)
    positive.check(false, () => "it was -1")
    abyss.reach("fell")
    expect(violations.map(({ message }) => message)).toEqual([
      "always: sample: a number is positive (it was -1)",
      "unreachable: sample: an abyss (fell)"
    ])
  })

  it("does nothing outside of a run", () => {
    noteAssertions(undefined)
    expect(() => positive.check(false)).not.toThrow()
  })

  it("cannot be declared as two kinds", () => {
    expect(() => reachable("sample: a number is large")).toThrow("give them two names")
  })
})

describe("the marks of a run", () => {
  it("are news only, each with the draws it took to get there", () => {
    const { coverage, random } = begin()
    large.check(false)
    random.bits()
    large.check(true)
    large.check(true)
    highest.note(3)
    random.bits()
    highest.note(2)
    highest.note(5)
    colors.note("red")
    colors.note("red", 1)
    expect(coverage.marks.map(({ key, value, draws }) => [key, value, draws])).toEqual([
      ["sample: a number is large", 0, 1],
      ["sample: highest", 3, 1],
      ["sample: highest", 5, 2],
      ["sample: colors[red]", 0, 2],
      ["sample: colors[red]", 1, 2]
    ])
  })

  it("grow with the number of conditions that hold together, and are complete when all do", () => {
    const { coverage } = begin()
    both.check({ left: true, right: false })
    expect(coverage.figures().counts["sample: both"]).toBeUndefined()
    both.check({ left: true, right: true })
    expect(coverage.figures().counts["sample: both"]).toBe(1)
    expect(coverage.figures().watermarks["sample: both"]).toBe(2)
  })
})

describe("the coverage of a campaign", () => {
  it("is the sum of its runs, and says whether one saw more", () => {
    const first = begin()
    place.reach()
    colors.note("red")
    const a = first.coverage.figures()
    const second = begin()
    place.reach()
    colors.note("blue")
    const b = second.coverage.figures()
    expect(seesMore(a, b)).toBe(true)
    const sum = addCoverage(a, b)
    expect(sum.counts["sample: a place"]).toBe(2)
    expect(Object.keys(sum.shapes["sample: colors"]!)).toEqual(["red", "blue"])
    expect(seesMore(sum, b)).toBe(false)
  })
})
