/** The engines of the search, over a model small enough to know all of it. */
import { describe, expect, it } from "vitest"
import { searchAll } from "./exhaustive.ts"
import { Fingerprints } from "./fingerprints.ts"
import { Frontier } from "./frontier.ts"
import { generator } from "./generator.ts"
import { type Model, State } from "./model.ts"
import { PairMap } from "./pair-map.ts"
import { walk } from "./portfolio.ts"
import { lawOf, replay, shrink } from "./shrink.ts"
import { guided, strategies, swarm, uniform } from "./strategies.ts"

const names = [
  "fill the small jug",
  "fill the large jug",
  "empty the small",
  "empty the large",
  "pour",
  "pour back"
]

/** Two jugs of 3 and 5 litres; the law is that nobody ever measures 4 litres. */
const jugs = (forbidden = 4): Model => {
  const after = (small: number, large: number, action: number): readonly [number, number] => {
    if (action < 2) return action === 0 ? [3, large] : [small, 5]
    if (action < 4) return action === 2 ? [0, large] : [small, 0]
    const amount = action === 4 ? Math.min(small, 5 - large) : -Math.min(large, 3 - small)
    return [small - amount, large + amount]
  }
  const write = (into: State, words: ReadonlyArray<number>): void => {
    into.size = 0
    for (const word of words) into.push(word)
  }
  return {
    name: "jugs",
    initial: (into) => write(into, [0, 0]),
    actions: (_state, into) => write(into, [0, 1, 2, 3, 4, 5]),
    next: ({ words }, action, into) => {
      write(into, after(words[0]!, words[1]!, action))
      return into.words[1] === forbidden ? "broken" : "state"
    },
    broken: () => `measure: ${forbidden} litres`,
    fingerprint: ({ words }, into) => void into.set([words[0]! + 1, words[1]! + 1]),
    describe: (action) => names[action]!,
    kindOf: (action) => action,
    lookOf: ({ words }) => 8 * words[0]! + words[1]!
  }
}

describe("an exhaustive search", () => {
  it("sees every state once, and says how far away the farthest is", () => {
    expect(searchAll(jugs(9))).toMatchObject({ found: undefined, states: 16, isComplete: true, depth: 7 })
  })

  it("finds the shortest way to what must not be", () => {
    const { found } = searchAll(jugs())
    expect(found!.actions.map((action) => names[action])).toEqual([
      "fill the large jug",
      "pour back",
      "empty the small",
      "pour back",
      "fill the large jug",
      "pour back"
    ])
  })

  it("that may take no more states says that it did not see all", () => {
    expect(searchAll(jugs(9), { statesMax: 10 })).toMatchObject({ states: 10, isComplete: false })
    expect(searchAll(jugs(9), { bytesMax: 10 })).toMatchObject({ isComplete: false })
  })
})

describe("walks", () => {
  for (const strategy of [uniform, swarm, guided]) {
    it(`by ${strategy.name} find what must not be`, () => {
      expect(walk(jugs(), [strategy], { seed: 3, walksMax: 1000 }).found?.strategy).toBe(strategy.name)
    })
  }

  it("are the same for the same seed", () => {
    for (const strategy of strategies) {
      const walked = (seed: number) => walk(jugs(), [strategy], { seed, walksMax: 100 })
      expect(walked(3)).toEqual(walked(3))
    }
  })

  it("end when every strategy has had its walks", () => {
    const { found, efforts } = walk(jugs(9), strategies, { walksMax: 20, stepsMax: 10 })
    expect(found).toBeUndefined()
    expect(efforts.map(({ walks }) => walks)).toEqual(strategies.map(() => 20))
  })
})

describe("shrinking", () => {
  it("leaves no step that is not needed, and finds the shortest order", () => {
    const actions = [0, 4, 3, 0, 2, 1, 1, 5, 0, 2, 5, 2, 3, 1, 5, 2, 5, 1, 5]
    const found = replay(jugs(), actions)!
    expect(found.actions.length).toBeGreaterThan(6)
    expect(lawOf(found.broken)).toBe("measure")
    const shrunk = shrink(jugs(), found)
    expect(shrunk.actions.length).toBe(6)
    expect(replay(jugs(), shrunk.actions)?.broken).toBe(found.broken)
  })
})

describe("the containers", () => {
  it("a set of fingerprints has what was added, 0 included, and no more than it has room for", () => {
    const random = generator(1)
    const word = () => Math.floor(random() * 2 ** 32) | 0
    const pairs = Array.from({ length: 70_000 }, () => [word(), word()] as const)
    pairs.push([0, 0])
    const seen = new Set<number>()
    const fingerprints = new Fingerprints(2 ** 24)
    let wrong = 0
    for (let count = 0; count < 150_000; count++) {
      const at = count < 2 ? 70_000 : Math.floor(random() * pairs.length)
      if (fingerprints.add(...pairs[at]!) !== !seen.has(at)) wrong++
      seen.add(at)
    }
    expect([wrong, fingerprints.size]).toEqual([0, seen.size])
    const little = new Fingerprints(0)
    let last = [word(), word()] as const
    for (let next = last; little.add(...next) === true; next = [word(), word()]) last = next
    expect(little.size).toBeGreaterThan(40_000)
    expect([little.add(...last), little.add(word(), word())]).toEqual([false, undefined])
  })

  it("a map of pairs gives back what was set last", () => {
    const random = generator(2)
    const known = new Map<string, number>()
    const map = new PairMap()
    let wrong = 0
    for (let count = 0; count < 20_000; count++) {
      const pair = [Math.floor(random() * 200), Math.floor(random() * 200) - 100] as const
      if (map.get(...pair) !== (known.get(String(pair)) ?? -1)) wrong++
      map.set(...pair, count)
      known.set(String(pair), count)
    }
    expect([wrong, map.size]).toEqual([0, known.size])
  })

  it("a frontier gives states back in order, over the ends of its blocks", () => {
    const frontier = new Frontier()
    const state = new State()
    const write = (count: number): void => {
      state.size = 0
      for (let at = 0; at <= count % 3000; at++) state.push(count)
    }
    for (let count = 0; count < 3000; count++) {
      write(count)
      frontier.push(state)
    }
    let right = 0
    for (let count = 0; count < 3000; count++)
      if (frontier.shift(state) && state.size === (count % 3000) + 1 && state.words[0] === count) right++
    expect(right).toBe(3000)
    expect(frontier.shift(state)).toBe(false)
  })
})
