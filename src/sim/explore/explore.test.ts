/** The power of exploration: two puzzles that luck does not solve, and recipes that replay what it finds. */
import { describe, expect, it } from "vitest"
import { CountedRandom, formatRecipe, parseRecipe, type Recipe } from "../kernel/random.ts"
import { eightFloors, playDungeon } from "./dungeon.test-support.ts"
import { Exploration, type Explored, explore, runsAhead } from "./explore.ts"
import { branch, Frontier } from "./frontier.ts"
import { Journal } from "./journal.ts"
import { walkMaze } from "./maze.test-support.ts"

const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

describe("exploration", () => {
  it("opens the locks of the maze within 1,200 runs from any of ten seeds, half within 700", () => {
    const runs: Array<number> = []
    for (let seed = 1; seed <= 10; seed++) {
      const report = explore({ run: walkMaze, seeds: [seed], runsMax: 1200 })
      expect(report.failures, `seed ${seed}`).toHaveLength(1)
      runs.push(report.runs)
    }
    expect(median(runs)).toBeLessThan(700)
  })

  it("which as many runs by luck alone do not come near to", () => {
    for (let seed = 1; seed <= 1200; seed++) expect(walkMaze({ seed, reseeds: [] }).failure).toBeUndefined()
  })

  it("refuses to start from no seed, or from what is none, before it runs anything", () => {
    const run = (): Explored => {
      throw new Error("it ran")
    }
    expect(() => explore({ run, seeds: [] })).toThrow(
      "`seeds` is empty: give at least one seed to start from"
    )
    expect(() => explore({ run, seeds: [1, Number.NaN] })).toThrow("a seed is a whole number from 0")
  })

  it("finds the treasure on the eighth floor within 8,000 runs from most seeds", () => {
    const search = (seed: number) => explore({ run: playDungeon(eightFloors), seeds: [seed], runsMax: 8000 })
    const found = [1000, 1001, 1002].flatMap((seed) => search(seed).failures)
    expect(found.length).toBeGreaterThanOrEqual(2)
    for (const { recipe } of found) expect(recipe.reseeds.length).toBeGreaterThan(8)
  })

  it("gives a recipe that replays what it found, also after a way through text", () => {
    const { failures } = explore({ run: walkMaze, seeds: [3], runsMax: 2000 })
    const text = formatRecipe(failures[0]!.recipe)
    const again = walkMaze(parseRecipe(text)!)
    expect(again.failure).toBe("all locks are open")
    expect(again.marks).toEqual(walkMaze(failures[0]!.recipe).marks)
  })

  it("is deterministic, and other seeds search elsewhere", () => {
    const search = (seed: number) => explore({ run: walkMaze, seeds: [seed], runsMax: 2000 })
    expect(search(5)).toEqual(search(5))
    expect(search(5).failures).not.toEqual(search(6).failures)
  })

  it("goes on past a failure to others when it is asked to, and counts each kind", () => {
    const run = (recipe: Recipe): Explored => {
      const random = new CountedRandom(recipe)
      return { marks: [], failure: random.chance(0.5) ? "red" : "blue" }
    }
    const { failures } = explore({ run, seeds: [1, 2, 3, 4, 5, 6, 7, 8], failuresMax: 8, runsMax: 50 })
    expect(new Set(failures.map(({ failure }) => failure))).toEqual(new Set(["red", "blue"]))
  })

  it("keeps to the runs that it was given", () => {
    let runs = 0
    const run = () => {
      runs++
      return { marks: [] }
    }
    const report = explore({ run, runsMax: 37 })
    expect([report.runs, runs, report.failures.length]).toEqual([37, 37, 0])
  })
})

describe("runs under way", () => {
  it("are handed out before anything came of them, up to a number that nobody can set", () => {
    const exploration = new Exploration({ runsMax: 100 })
    const first = Array.from({ length: runsAhead }, () => exploration.next())
    expect(first.every((recipe) => recipe !== undefined)).toBe(true)
    expect(exploration.next()).toBeUndefined()
    exploration.take(walkMaze(first[0]!))
    const next = exploration.next()!
    expect([next.seed, next.reseeds.length]).toEqual([first[0]!.seed, 1])
    expect(exploration.next()).toBeUndefined()
  })

  it("are the same whether one is taken at a time or all that there are", () => {
    const few = new Exploration({ runsMax: 100 })
    const many = new Exploration({ runsMax: 100 })
    const waiting: Array<Recipe> = []
    for (let run = 0; run < 100; run++) {
      for (let next = many.next(); next !== undefined; next = many.next()) waiting.push(next)
      const recipe = few.next()!
      expect(waiting.shift()).toEqual(recipe)
      for (const exploration of [few, many]) exploration.take(walkMaze(recipe))
    }
  })

  it("are of no use, and not counted, once it is over", () => {
    const exploration = new Exploration({ runsMax: 100 })
    const handedOut = [exploration.next()!, exploration.next()!]
    exploration.take({ marks: [], failure: "found" })
    expect([exploration.isOver, exploration.next()]).toEqual([true, undefined])
    expect(exploration.report.failures.map(({ recipe }) => recipe)).toEqual([handedOut[0]])
    expect(exploration.report.runs).toBe(1)
  })
})

describe("a continuation", () => {
  it("makes the same draws as its prefix up to the anchor, and others from there", () => {
    const prefix: Recipe = { seed: 4, reseeds: [{ count: 3, seed: 9 }] }
    const drawTen = (recipe: Recipe) => {
      const random = new CountedRandom(recipe)
      return Array.from({ length: 10 }, () => random.bits())
    }
    const before = drawTen(prefix)
    const after = drawTen(branch(prefix, 6, 77))
    expect(after.slice(0, 6)).toEqual(before.slice(0, 6))
    expect(after.slice(6)).not.toEqual(before.slice(6))
    expect(branch(prefix, 2, 77).reseeds).toEqual([{ count: 2, seed: 77 }])
  })
})

describe("the journal", () => {
  it("keeps a mark when its key is new or its value better, with the draws made by then", () => {
    const random = new CountedRandom(1)
    const journal = new Journal(random)
    for (const value of [1, 1, 3, 2, 4]) {
      random.bits()
      journal.progress("depth", value)
      journal.once("seen")
    }
    expect(journal.marks.map(({ key, value, draws }) => [key, value, draws])).toEqual([
      ["depth", 1, 1],
      ["seen", 0, 1],
      ["depth", 3, 3],
      ["depth", 4, 5]
    ])
  })
})

describe("the frontier", () => {
  it("goes on from what is deepest first, and never twice with one seed", () => {
    const frontier = new Frontier(10, 10)
    const start: Recipe = { seed: 1, reseeds: [] }
    frontier.learn(start, [{ key: "a", rank: "bucket", value: 0, draws: 5 }], undefined)
    const first = frontier.next()!
    frontier.learn(first.recipe, [{ key: "b", rank: "bucket", value: 0, draws: 9 }], first.state)
    const seen = Array.from({ length: 20 }, () => frontier.next()!)
    expect(seen[0]!.state.key).toBe("b")
    expect(new Set(seen.map(({ recipe }) => formatRecipe(recipe))).size).toBe(20)
  })

  it("forgets what was tried most when it holds too much", () => {
    const frontier = new Frontier(10, 10)
    for (let index = 0; index < 50; index++) {
      const mark = { key: `k${index}`, rank: "once", value: 0, draws: index } as const
      frontier.learn({ seed: 1, reseeds: [] }, [mark], undefined)
      expect(frontier.states.size).toBeLessThanOrEqual(10)
    }
    expect(frontier.known).toBe(50)
  })

  it("makes no recipe longer than it may", () => {
    const frontier = new Frontier(10, 2)
    const long: Recipe = {
      seed: 1,
      reseeds: [
        { count: 1, seed: 1 },
        { count: 2, seed: 2 }
      ]
    }
    frontier.learn(long, [{ key: "a", rank: "once", value: 0, draws: 5 }], undefined)
    expect(frontier.next()).toBeUndefined()
  })
})
