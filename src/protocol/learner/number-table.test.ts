/** A table by number does what a map does, whatever the numbers. */
import { describe, expect, it } from "vitest"
import { drawing } from "../../runtime/drawn.test-support.ts"
import { NumberTable } from "./number-table.ts"

describe("a table by number", () => {
  it("gives back what was put in, until it is taken out", () => {
    const table = new NumberTable<string>([
      [7, "seven"],
      [4_294_967_295, "last"]
    ])
    expect([table.get(7), table.get(4_294_967_295), table.get(8), table.size]).toEqual([
      "seven",
      "last",
      undefined,
      2
    ])
    table.set(7, "again")
    expect([table.get(7), table.size]).toEqual(["again", 2])
    expect([table.delete(7), table.delete(7), table.has(7), table.size]).toEqual([true, false, false, 1])
    expect([table.has(0), table.delete(0), table.size]).toEqual([false, false, 1])
  })

  it("tells its numbers in ascending order", () => {
    const table = new NumberTable<number>()
    for (const number of [90, 3, 4_000_000_000, 1024, 1]) table.set(number, -number)
    expect([...table.numbers()]).toEqual([1, 3, 90, 1024, 4_000_000_000])
    expect(table.entries().every(([number, value]) => value === -number)).toBe(true)
  })

  it("tells nothing of itself while it is empty, and again when all have gone", () => {
    const table = new NumberTable<number>()
    expect([[...table.numbers()], table.entries()]).toEqual([[], []])
    table.set(9, 9)
    table.delete(9)
    expect([[...table.numbers()], table.entries()]).toEqual([[], []])
  })

  it.for([
    ["consecutive numbers", (step: number) => step + 1],
    ["numbers that all want one place", (step: number) => 1 + (step % 60) * 65_536],
    [
      "numbers with a jump at each",
      (step: number, draw: (below: number) => number) => 1 + step * 3 + draw(9)
    ],
    ["numbers from anywhere", (_step: number, draw: (below: number) => number) => 1 + draw(2 ** 32 - 2)],
    ["the same few numbers", (_step: number, draw: (below: number) => number) => 1 + draw(40)]
  ] as const)("does what a map does, with %s", ([, numberOf]) => {
    for (let seed = 1; seed <= 20; seed++) {
      const draw = drawing(seed)
      const table = new NumberTable<number>()
      const map = new Map<number, number>()
      // It fills and empties by turns, so that it grows, shrinks and moves what it holds.
      for (let step = 0; step < 3000; step++) {
        const known = [...map.keys()]
        const taking = draw(100) < (Math.floor(step / 500) % 2 === 0 ? 30 : 70)
        if (taking && known.length > 0) {
          const number = draw(10) === 0 ? 1 + draw(5000) : known[draw(known.length)]!
          expect(table.delete(number)).toBe(map.delete(number))
        } else {
          const number = numberOf(step, draw)
          table.set(number, step)
          map.set(number, step)
        }
        const asked = numberOf(step + 1, draw)
        expect(table.get(asked)).toBe(map.get(asked))
      }
      expect(table.size).toBe(map.size)
      expect(table.entries()).toEqual([...map].sort(([a], [b]) => a - b))
    }
  })

  it("grows for many and still finds all of them after most have gone", () => {
    const table = new NumberTable<number>()
    for (let number = 1; number <= 20_000; number++) table.set(number, number)
    for (let number = 1; number <= 19_990; number++) expect(table.delete(number)).toBe(true)
    expect([...table.numbers()]).toEqual(Array.from({ length: 10 }, (_, index) => 19_991 + index))
  })
})
