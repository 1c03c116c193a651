/**
 * The main flows, message by message, as the files beside this one tell them; APLOMB_TRANSCRIPTS=write writes
 * them anew.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { scenarios } from "./scenarios.ts"

describe("the transcript is exactly the one on record:", () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it(name, () => {
      const path = fileURLToPath(new URL(`${name}.txt`, import.meta.url))
      const text = `${scenario().lines.join("\n")}\n`
      if (process.env["APLOMB_TRANSCRIPTS"] === "write") writeFileSync(path, text)
      expect(text).toBe(readFileSync(path, "utf8"))
    })
  }
})
