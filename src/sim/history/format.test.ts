/** Lines of a history: what is read exactly, and what is refused. */
import { describe, expect, it } from "vitest"
import { checkHistory } from "./command.ts"
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

describe("a value that is nested", () => {
  const nested = (levels: number) => `"key":"x","value":${"[".repeat(levels)}${"]".repeat(levels)}`

  it("is taken up to a thousand levels, and beyond that refused with its line and its field", () => {
    expect(line(nested(1000))).toMatchObject({ _tag: "Event" })
    for (const levels of [1001, 100_000])
      expect(line(nested(levels))).toMatchObject({
        _tag: "Fault",
        line: 3,
        field: "value",
        message: "line 3: field `value` is nested more than 1000 levels deep"
      })
    const large = `"key":"x","time":1764086400000000123,"value":${"[".repeat(100_000)}${"]".repeat(100_000)}`
    expect(line(large)).toMatchObject({ _tag: "Fault", line: 3 })
  })

  it("is compared and shown up to there", () => {
    const event = (process: number, type: string, f: string, value: string) =>
      `{"process":${process},"type":"${type}","f":"${f}","value":${value}}`
    const deep = `${'{"a":['.repeat(500)}${"]}".repeat(500)}`
    const history = [
      event(0, "invoke", "write", deep),
      event(0, "ok", "write", deep),
      event(1, "invoke", "read", "null"),
      event(1, "ok", "read", "null")
    ]
    const { exitCode, json } = checkHistory(history)
    expect([exitCode, json.contradiction?.prefix.state]).toEqual([1, `the value is ${deep}`])
  })
})

describe("a field that stands twice on a line", () => {
  it("is refused where anything depends on it, however it is written, and at any depth", () => {
    for (const [field, text] of [
      ["value", '"value":1,"value":2'],
      ["value", '"value":1,"val\\u0075e":1'],
      ["value", '"value":{"a":[{"b":1,"c":2,"b":1}]}'],
      ["value", '"value":{"a":1,"a":1},"time":1764086400000000123'],
      ["type", '"value":"x:y","type":"invoke"']
    ] as const)
      expect(line(text), text).toMatchObject({
        _tag: "Fault",
        line: 3,
        field,
        message: expect.stringContaining(`field \`${field}\` stands there twice, or has a field that does: `)
      })
  })

  it("is what it is elsewhere, and no field is taken for another that looks like it", () => {
    for (const text of [
      '"value":1,"index":1,"index":2',
      '"value":{"value":{"value":"\\"value\\":1"}}',
      '"value":["a:a","{\\"a\\":1,\\"a\\":2}",{"a":1},{"a":1}]',
      '"value":"\\\\","time":1764086400000000123'
    ])
      expect(line(text), text).toMatchObject({ _tag: "Event" })
  })
})
