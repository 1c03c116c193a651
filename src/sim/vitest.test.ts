/** What the message of a failing test says where its seed does not fail again. */
import { describe, expect, it } from "vitest"
import { simulate } from "./simulation.ts"
import { simulationTests } from "./vitest.ts"
import type { World } from "./world.ts"

const now = simulationTests((_name, run) => run())

/** What is said of a simulation that counts its runs, over all of them. */
const messageOf = (setup: (world: World, run: number) => void): string => {
  let runs = 0
  const counting = simulate("counting")
    .chaosFor({ min: 1, max: 1 })
    .setup((world) => setup(world, ++runs))
  try {
    now("counts", counting, { from: 11, seeds: 30 })
  } catch (error) {
    return (error as Error).message
  }
  return "nothing"
}

const fell = (world: World) => world.violated(new Error("it fell"))

describe("a seed that fails in a test is run once more", () => {
  it("and where it does not fail, that is said, with what ran before it", () => {
    const lines = messageOf((world, run) => run === 3 && fell(world)).split("\n")
    expect(lines[0]).toMatch(/^counting fails with seed 13 \(kernel\): .*it fell/)
    const rest = lines.slice(lines.findIndex((line) => line.startsWith("it did not")))
    expect(rest[0]).toBe("it did not happen again: run once more, nothing was wrong")
    expect(rest[1]).toMatch(/^As a rule something outlives a run, .+ the 2 runs before it: .+ `setup`/)
    expect(rest[2]).toBe("these ran before it, in this order: 11, 12")
    expect(rest.length).toBe(3)
  })

  it("and where nothing ran before it, that is said", () => {
    const message = messageOf((world, run) => run === 1 && fell(world))
    expect(message).toMatch(
      /\nit did not happen again: .+, nothing was wrong\nNo run came before it there\. /
    )
    expect(message).not.toContain("these ran before it")
  })

  it("and of many runs before it the last are named", () => {
    const message = messageOf((world, run) => run === 25 && fell(world))
    expect(message).toContain("the 24 runs before it")
    expect(message).toMatch(/in this order: \.\.\., 15, 16, .+, 34$/)
  })

  it("and where it fails otherwise, that is said", () => {
    const message = messageOf((world, run) => {
      if (run === 3) fell(world)
      if (run === 4) world.invariant("the door", () => "it is open")
    })
    expect(message).toContain("run once more, it failed otherwise")
  })

  it("and where it fails in another run, that is said", () => {
    const message = messageOf((world, run) => {
      for (let draw = 0; draw < run; draw++) world.random.below(2)
      if (run >= 3) fell(world)
    })
    expect(message).toMatch(/run once more, it failed in the same way, but was another run: its digest was/)
  })

  it("and where it throws, that is said", () => {
    const message = messageOf((world, run) => {
      if (run === 3) fell(world)
      if (run === 4) throw new Error("out of names")
    })
    expect(message).toMatch(/run once more, it threw: .+ for seed \d+: out of names/)
  })
})
