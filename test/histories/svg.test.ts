/** The picture of a failure. */
import { describe, expect, it } from "vitest"
import { checkHistory } from "../../src/sim/history/command.ts"
import { check, lines } from "./lines.ts"

describe("the picture", () => {
  /** Every tag closed in order: enough to catch what a browser would refuse. */
  const isWellFormed = (svg: string): boolean => {
    const open: Array<string> = []
    for (const [, slash, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)) {
      if (slash === "/") {
        if (open.pop() !== name) return false
      } else if (!rest!.endsWith("/")) open.push(name!)
    }
    return open.length === 0 && !/&(?!amp;|lt;|gt;|quot;)/.test(svg)
  }

  it("shows each operation of the failing part, marked, and an open end where the outcome is unknown", () => {
    const svg = check("write-surfaces-twice", { svg: true }).svg!
    expect(isWellFormed(svg)).toBe(true)
    expect(svg.match(/class="failing"/g)).toHaveLength(2)
    expect(svg.match(/class="open failing"/g)).toHaveLength(1)
    expect(svg.match(/class="culprit"/g)).toHaveLength(1)
    expect(svg).toContain("never returned")
  })

  it("is well formed whatever the values are", () => {
    const value = '<b a="1">&\u0000\ud800'
    const history = lines([
      ["7", "invoke", "put", value, { key: "<&>" }],
      ["7", "ok", "put", value],
      ["7", "invoke", "get", null, { key: "<&>" }],
      ["7", "ok", "get", "]]>"]
    ])
    const { svg } = checkHistory(history, { svg: true })
    expect(isWellFormed(svg!)).toBe(true)
  })

  it("is not drawn where there is nothing to show", () =>
    expect(check("late-write", { svg: true }).svg).toBeUndefined())
})
