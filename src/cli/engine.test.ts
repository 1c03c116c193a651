/** An engine that is too old is refused by a sentence, and by what package.json says. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { leastNode, tooOld } from "./engine.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

describe("an engine", () => {
  it("is taken from 22.19 on, as package.json says", () => {
    const { engines } = JSON.parse(readFileSync(`${root}package.json`, "utf8"))
    expect(engines.node).toBe(`>=${leastNode.major}.${leastNode.minor}`)
    expect(["22.19.0", "22.20.1", "24.0.0", "100.1.2"].map(tooOld)).toEqual(Array(4).fill(undefined))
  })

  it("is refused where it is older, with what to do", () => {
    for (const version of ["20.20.2", "22.18.9", "18.0.0"]) {
      expect(tooOld(version)).toContain(`Node.js 22.19 or later is needed, and this is ${version}`)
    }
  })

  it("is looked at by a program that an old one can load: nothing else is imported by name", () => {
    const main = readFileSync(`${root}src/cli/main.ts`, "utf8")
    const imports = main.split("\n").filter((line) => line.startsWith("import "))
    expect(imports).toEqual([
      'import * as modules from "node:module"',
      'import { tooOld } from "./engine.ts"'
    ])
  })
})
