/** A package becomes part of the command line only with its licence. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { licenceOf } from "../scripts/bundle.ts"

const work = mkdtempSync(join(tmpdir(), "aplomb-bundle-"))

afterEach(() => rmSync(work, { recursive: true, force: true }))

const packageWith = (manifest: object, files: Readonly<Record<string, string>>): string => {
  mkdirSync(work, { recursive: true })
  writeFileSync(join(work, "package.json"), JSON.stringify({ name: "a", version: "1.2.3", ...manifest }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text)
  return work
}

describe("the licence of a package", () => {
  it("is told with its name, its version, the text and the notice that comes with it", () => {
    const directory = packageWith(
      { license: "MIT" },
      { LICENSE: "Do what you like.\n", NOTICE: "By us.\n", "README.md": "a" }
    )
    expect(licenceOf(directory)).toBe("a 1.2.3 (MIT)\n\nDo what you like.\n\nBy us.")
  })

  it("is asked for: one without a text, or that names none, is refused", () => {
    expect(() => licenceOf(packageWith({ license: "MIT" }, {}))).toThrow("a does not come with its licence")
    expect(() => licenceOf(packageWith({}, { "licence.md": "Ask us.\n" }))).toThrow("does not come with")
  })
})
