/** Lines of a history: what is read exactly, and what is refused. */
import { describe, expect, it } from "vitest"
import { parseLine, usualNames } from "./format.ts"

const line = (fields: string) => parseLine(`{"process":0,"type":"ok","f":"write",${fields}}`, 3, usualNames)

describe("an integer beyond 2^53 in a history", () => {
  for (const [field, text] of [
    ["value", '"key":"x","value":9007199254740993'],
    ["key", '"key":-9007199254740993,"value":1'],
    ["value", '"key":"x","value":[1,{"a":12345678901234567890}]'],
    ["version", '"key":"x","value":1,"version":9007199254740993'],
    ["value", '"key":"x","value":1e400'],
    ["value", '"key":"x","value":9007199254740993.0'],
    ["value", '"key":"x","value":9.007199254740993E+15']
  ] as const) {
    it(`is refused with its line and its field: ${text}`, () => {
      const found = line(text)
      expect(found).toMatchObject({ _tag: "Fault", line: 3, field })
      expect((found as { readonly message: string }).message).toMatch(/beyond 2\^53; write it as a string$/)
    })
  }

  it("is taken as a string, in a time that nobody compares, and up to 2^53 - 1", () => {
    expect(line('"key":"x","value":"9007199254740993"')).toMatchObject({ value: "9007199254740993" })
    expect(line('"key":"x","value":9007199254740991')).toMatchObject({ value: 9007199254740991 })
    expect(line('"key":"x","value":1,"time":1764086400000000123')).toMatchObject({ _tag: "Event" })
    expect(line('"key":"x","value":0.1234567890123456')).toMatchObject({ value: 0.1234567890123456 })
    expect(line('"key":"x","value":[1e3,1.5E1,2e-3]')).toMatchObject({ value: [1000, 15, 0.002] })
  })
})
