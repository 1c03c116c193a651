/** The wrapping of comments changes comments alone, and only those that are too long. */
import { describe, expect, it } from "vitest"
import { wrapComments } from "../../scripts/wrap-comments.ts"

const words = (count: number) => "word ".repeat(count).trim()
const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length))

describe("long comments", () => {
  it("become a block when they were one line of documentation", () => {
    const wrapped = wrapComments(`  /** ${words(40)}. */\n  readonly a: 1\n`)
    expect(wrapped.split("\n")[0]).toBe("  /**")
    expect(wrapped).toMatch(/word\.\n {3}\*\/\n {2}readonly a: 1\n$/)
    expect(longest(wrapped)).toBeLessThanOrEqual(110)
  })

  it("go on in the next line with their own prefix", () => {
    const wrapped = wrapComments(`/**\n * - ${words(40)}\n */\n// ${words(40)}\n`)
    expect(wrapped).toMatch(
      /^\/\*\*\n \* - (word ?)+\n \* {3}(word ?)+\n \*\/\n\/\/ (word ?)+\n\/\/ (word ?)+\n$/
    )
    expect(longest(wrapped)).toBeLessThanOrEqual(110)
  })

  it("go above the code that they stood behind", () => {
    const wrapped = wrapComments(`  readonly a: number // ${words(25)}\n`)
    expect(wrapped).toMatch(/^ {2}\/\/ (word ?)+\n {2}\/\/ (word ?)+\n {2}readonly a: number\n$/)
  })

  it("are filled with the rest of their paragraph, so that no line is left short", () => {
    const wrapped = wrapComments(`/**\n * ${words(25)}\n * ${words(5)}\n * - an item\n */\n`)
    expect(wrapped).toBe(`/**\n * ${words(21)}\n * ${words(9)}\n * - an item\n */\n`)
  })

  it("keep every word, and a second run changes nothing", () => {
    const text = `/** ${words(60)}. */\nconst a = 1 // ${words(30)}\n`
    const wrapped = wrapComments(text)
    expect(wrapped.match(/word/g)?.length).toBe(90)
    expect(wrapComments(wrapped)).toBe(wrapped)
  })
})

describe("what stays as it is", () => {
  it("is code, strings with slashes, tables and examples in fences", () => {
    const long = "x".repeat(120)
    for (const text of [
      `const a = "${long}"\n`,
      `const a = "http://${words(30)}"\n`,
      `/**\n * | ${words(40)} |\n */\n`,
      `/**\n * \`\`\`ts\n * ${words(40)}\n * \`\`\`\n */\n`,
      `// ${words(20)}\n`
    ]) {
      expect(wrapComments(text)).toBe(text)
    }
  })
})
