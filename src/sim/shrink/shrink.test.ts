/**
 * Shrinking: lists and numbers to what matters, planted bugs to their smallest case, and repro files that
 * read back.
 */
import { describe, expect, it } from "vitest"
import { CountedRandom } from "../kernel/random.ts"
import { reduceList, reduceNumber } from "./reduce.ts"
import { formatRepro, parseRepro } from "./repro.ts"
import { type Case, type CaseFailure, shrink } from "./shrink.ts"

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe("reducing a list", () => {
  it("leaves exactly the items that the failure needs", () => {
    const needed = [3, 41, 77]
    const fails = (items: ReadonlyArray<number>) => needed.every((item) => items.includes(item))
    const { value, tests } = reduceList(upTo(100), fails)
    expect(value).toEqual(needed)
    expect(tests).toBeLessThan(120)
  })

  it("ends with a list of which no single item can be left out, also where items need each other", () => {
    const fails = (items: ReadonlyArray<number>) =>
      items.includes(9) && items.filter((item) => item % 2 === 0).length % 2 === 0 && items.length > 3
    const { value } = reduceList(upTo(40), fails)
    expect(fails(value)).toBe(true)
    for (const item of value) expect(fails(value.filter((other) => other !== item))).toBe(false)
  })

  it("finds that nothing is needed at once, and takes no more tests than it may", () => {
    expect(reduceList(upTo(50), () => true)).toEqual({ value: [], tests: 1 })
    expect(reduceList(upTo(50), (items) => items.length > 20, 7).tests).toBeLessThanOrEqual(7)
  })
})

describe("reducing a number", () => {
  it("finds the lowest that fails where all above it fail", () => {
    for (const lowest of [1, 2, 17, 99, 100])
      expect(reduceNumber(100, 1, (candidate) => candidate >= lowest).value).toBe(lowest)
  })
  it("stays where it is when nothing below fails", () => {
    expect(reduceNumber(10, 1, () => false).value).toBe(10)
  })
})

/**
 * A world in which a lost update needs two clients, a pause and some operations: the pause must fall between
 * two of them.
 */
const lostUpdate = (candidate: Case): CaseFailure | undefined => {
  const random = new CountedRandom(candidate.recipe)
  const clients = candidate.limits["clients"] ?? 5
  const operations = candidate.limits["operations"] ?? 100
  const on = (name: string) => !candidate.without.includes(name)
  for (let operation = 1; operation <= operations; operation++) {
    const client = random.below(clients)
    const loss = on("loss") && random.chance(0.1)
    const pause = on("pause") && random.chance(0.2)
    if (on("partition")) random.bits()
    if (pause && !loss && client === 1)
      return { law: "no lost update", message: `operation ${operation}`, size: operation }
  }
  return on("loss") ? { law: "everything arrives", message: "a loss", size: operations } : undefined
}

const first: Case = {
  recipe: {
    seed: 5,
    reseeds: [
      { count: 40, seed: 2 },
      { count: 90, seed: 3 }
    ]
  },
  without: [],
  limits: { clients: 5, operations: 100 }
}
const options = {
  run: lostUpdate,
  removable: ["loss", "pause", "partition"],
  least: { clients: 1, operations: 1 }
}

describe("shrinking a case", () => {
  it("leaves the one fault, the two clients and the one operation that the bug needs", () => {
    const shrunk = shrink(first, options)!
    expect(shrunk.failure.law).toBe("no lost update")
    expect(shrunk.smallest.without.toSorted()).toEqual(["loss", "partition"])
    expect(shrunk.smallest.limits).toEqual({ clients: 2, operations: 1 })
    expect(shrunk.smallest.recipe.reseeds).toEqual([])
    expect(lostUpdate(shrunk.smallest)).toEqual(shrunk.failure)
  })

  it("never drifts to another law", () => {
    const shrunk = shrink({ ...first, without: ["pause"] }, options)!
    expect(shrunk.failure.law).toBe("everything arrives")
    expect(lostUpdate(shrunk.smallest)?.law).toBe("everything arrives")
  })

  it("says nothing about a case that passes, and keeps to its runs", () => {
    expect(shrink({ ...first, without: ["pause", "loss"] }, options)).toBeUndefined()
    expect(shrink(first, { ...options, runsMax: 9 })!.runs).toBeLessThanOrEqual(9)
  })
})

describe("a repro file", () => {
  const repro = { scenario: "registers", case: first, law: "agreement", message: "slot 3 has two values" }
  it("reads back as it was written", () => {
    expect(parseRepro(formatRepro(repro))).toEqual(repro)
  })
  it("that is none is refused with a sentence", () => {
    expect(parseRepro("{}")).toContain("no repro file")
    expect(parseRepro(formatRepro(repro).replace("5 -> 40@2", "five"))).toContain("is no recipe")
  })
})
