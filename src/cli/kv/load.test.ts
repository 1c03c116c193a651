/** The bar of a load leaves its line to itself. */
import { describe, expect, it } from "vitest"
import { progressTeller } from "./load.ts"

describe("the progress of a load on a terminal", () => {
  for (const [title, sizeBytes, toldBytes] of [
    ["a whole file", 100, 100],
    ["a file whose load stops half way", 100, 50],
    ["what comes on stdin", undefined, 100]
  ] as const) {
    it(`ends its line once, for ${title}`, () => {
      let drawn = ""
      const draw = (text: string) => {
        drawn += text
      }
      const { tell, end } = progressTeller({ sizeBytes }, () => 0, { isTTY: true, draw })
      tell(1, toldBytes)
      tell(1, toldBytes)
      expect(drawn).not.toContain("\n")
      end()
      end()
      expect(drawn.split("\n")).toEqual([expect.stringContaining("1 records"), ""])
    })
  }
})
