/** The catalogue of seeded bugs fits the sources: whoever changes those hears of it at once. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { mutants } from "../src/sim/mutants/catalogue.ts"
import { applyEdits, MutantDoesNotFit } from "../src/sim/mutants/mutant.ts"
import { findScenario } from "../src/sim/mutants/scenarios/guided.ts"

const sourceOf = (file: string): string => readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8")

describe("the catalogue of seeded bugs", () => {
  it("fits the sources: each pattern stands in its file exactly once", () => {
    for (const { edits } of mutants) {
      for (const file of new Set(edits.map((edit) => edit.file)))
        expect(applyEdits(file, sourceOf(file), edits)).not.toBe(sourceOf(file))
    }
  })

  it("has at least 50 of them, each with a name of its own and scenarios that there are", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(50)
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
    for (const { id, scenarios } of mutants) {
      expect(scenarios.length, id).toBeGreaterThan(0)
      for (const name of scenarios) expect(findScenario(name), `${id}: ${name}`).toBeDefined()
    }
  })
})

describe("an edit", () => {
  const edit = { file: "a.ts", find: "x", replace: "y" }
  it("is made where its pattern stands once, and nowhere else", () => {
    expect(applyEdits("a.ts", "1 x 2", [edit])).toBe("1 y 2")
    expect(applyEdits("b.ts", "1 x 2", [edit])).toBe("1 x 2")
  })
  it("that fits nowhere, or twice, is refused", () => {
    expect(() => applyEdits("a.ts", "1", [edit])).toThrow(MutantDoesNotFit)
    expect(() => applyEdits("a.ts", "x x", [edit])).toThrow("stands there 2 times")
  })
})
