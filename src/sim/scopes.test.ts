/** By what name an assertion is demanded, and of whom. */
import { describe, expect, it } from "vitest"
import { declaredAssertions } from "./assert.ts"
import { noCoverage } from "./assert-coverage.ts"
import { reportLines, Tally } from "./runs/report.ts"
import type { RunResult } from "./runs/result.ts"
import { isDemanded, strangeScopeOf } from "./scopes.ts"
import { scenarios, simulate } from "./sim.ts"

simulate("my sim of scopes")
simulate("t2_Scopes")
  .reaches("Others, too")
  .faults({ name: "a family", share: 1, begin: () => null as never })
simulate("nested: scopes")

const nobody = new Set<string>()

it("has no strange scope where it is shipped, before anything has run", () => {
  const shipped = declaredAssertions().filter(({ name }) => !name.startsWith("mistyped"))
  expect(shipped.length).toBeGreaterThan(scenarios.length)
  expect(shipped.filter(({ name }) => strangeScopeOf(name, nobody) !== undefined)).toEqual([])
})

describe("an assertion", () => {
  it.each(["my sim of scopes", "t2_Scopes", "Others, too", "a family", "nested: scopes"])(
    "whose name begins with %s, a name of something, is demanded where that takes part",
    (scope) => {
      expect(isDemanded(`${scope}: x is y`, nobody)).toBe(false)
      expect(isDemanded(`${scope}: x: y`, new Set([scope]))).toBe(true)
    }
  )

  it("of a workload whose name no run had made known is demanded where it takes part", () => {
    expect(isDemanded("Clients of this test: x", new Set(["Clients of this test"]))).toBe(true)
    const make = () => ({ name: "Clients of this test", clientCount: 0, run: () => null as never })
    expect(isDemanded("Clients of this test: x", nobody)).toBe(true)
    simulate("with clients").workload(make).run({ seed: 1 })
    expect(isDemanded("Clients of this test: x", nobody)).toBe(false)
  })

  it("that says something before a colon is demanded everywhere", () => {
    expect(isDemanded("Nothing is called so: x", nobody)).toBe(true)
    expect(isDemanded("no colon", nobody)).toBe(true)
    expect(isDemanded("no space:x", nobody)).toBe(true)
  })

  it("with a word before its colon is not, and the report says where nothing is called so", () => {
    expect(isDemanded("mistyped: x", nobody)).toBe(false)
    expect(strangeScopeOf("mistyped: x", nobody)).toBe("mistyped")
    expect(strangeScopeOf("mistyped: x", new Set(["mistyped"]))).toBeUndefined()
    expect(strangeScopeOf("my sim of scopes: x", nobody)).toBeUndefined()
    const tally = new Tally()
    const figures = { steps: 1, draws: 1, messages: 1, virtualMs: 1, operations: 0, acknowledged: 0 }
    const run = {
      recipe: "1",
      figures,
      undecidedKeys: [],
      coverage: noCoverage,
      families: [],
      scopes: [],
      defects: {},
      strikes: {}
    }
    tally.add(run as unknown as RunResult, 1)
    const lines = reportLines(tally.report([{ kind: "sometimes", name: "mistyped: x" }]))
    expect(lines.join("\n")).toContain('not demanded: sometimes "mistyped: x"')
  })
})
