/** Histories from files: verdicts, exit codes, faults of the input, and explanations. */
import { describe, expect, it } from "vitest"
import { checkHistory, type HistoryReport } from "../../src/sim/history/command.ts"
import type { Json } from "../../src/sim/history/operation.ts"
import { registerModel } from "../../src/sim/history/register.ts"
import { bruteForce, Dice, damage, generate } from "./generate.ts"
import { check, type Event, lines, toLines } from "./lines.ts"

const smallest = (report: HistoryReport): ReadonlyArray<string> =>
  report.json.contradiction!.smallest.map(({ process, operation }) => `${process}: ${operation}`)

describe("verdicts on known histories", () => {
  it("a stale read is refused, and the smallest part is the two writes and the read", () => {
    const report = check("stale-read")
    expect(report.exitCode).toBe(1)
    expect(report.json).toMatchObject({
      verdict: "not-linearizable",
      operations: 6,
      partitions: 1,
      skippedLines: 1
    })
    expect(report.json.contradiction).toMatchObject({
      position: 11,
      prefix: { placed: 4, of: 5, state: "the value is 2" }
    })
    expect(smallest(report)).toEqual(["0: write 1", "1: write 2", "2: read → 1"])
  })

  it("a lost update is refused", () => {
    const report = check("lost-update")
    expect(report.exitCode).toBe(1)
    expect(report.json.contradiction?.cannotBePlaced).toMatchObject([
      { operation: "read → 0", from: 5, to: 6 }
    ])
  })

  it("two cas from one value cannot both succeed", () => {
    const report = check("two-cas")
    expect(report.exitCode).toBe(1)
    expect(smallest(report)).toHaveLength(3)
  })

  it("a write of unknown outcome may take effect late", () => expect(check("late-write").exitCode).toBe(0))

  it("a write of unknown outcome may never take effect", () =>
    expect(check("write-never-surfaces")).toMatchObject({ exitCode: 0, json: { operations: 5 } }))

  it("a write of unknown outcome takes effect once", () => {
    const report = check("write-surfaces-twice")
    expect(report.exitCode).toBe(1)
    expect(report.json.contradiction?.smallest[0]).toEqual({
      process: 0,
      operation: "write 4",
      from: 1,
      to: null
    })
  })

  it("two writes of one value, both of unknown outcome, may both take effect, a third time cannot be", () => {
    const overwritten: ReadonlyArray<Event> = [
      [2, "invoke", "write", 0],
      [2, "ok", "write", 0],
      [2, "invoke", "read"],
      [2, "ok", "read", 1]
    ]
    const open: ReadonlyArray<Event> = [
      [0, "invoke", "write", 1],
      [1, "invoke", "write", 1]
    ]
    expect(checkHistory(lines([...open, ...overwritten, ...overwritten])).exitCode).toBe(0)
    expect(checkHistory(lines([...open, ...overwritten, ...overwritten, ...overwritten])).exitCode).toBe(1)
  })

  it("keys inside the values are found without being told", () => {
    expect(check("independent").json).toMatchObject({ verdict: "linearizable", partitions: 2 })
    expect(check("independent", { independent: false }).exitCode).toBe(1)
  })

  it("a text equals no list and no other key, whatever it begins with", () => {
    const text = "\u0000[1]"
    const written = (value: Json, more: object): ReadonlyArray<Event> => [
      [0, "invoke", "write", value, more],
      [0, "ok", "write", value, more]
    ]
    const read = (value: Json, more: object): ReadonlyArray<Event> => [
      [0, "invoke", "read", null, more],
      [0, "ok", "read", value, more]
    ]
    const exitCode = (...events: ReadonlyArray<Event>) => checkHistory(lines(events)).exitCode
    expect(exitCode(...written(text, {}), ...read(text, {}))).toBe(0)
    expect(exitCode(...written(text, {}), ...read([1], {}))).toBe(1)
    expect(exitCode(...written(1, { key: text }), ...read(1, { key: [1] }))).toBe(1)
  })

  it("an answer about another key than was asked for is not understood", () => {
    const report = checkHistory(
      lines([
        [0, "invoke", "write", [1, 5]],
        [0, "ok", "write", [1, 5]],
        [1, "invoke", "read", [1, null]],
        [1, "ok", "read", [2, 5]]
      ])
    )
    expect(report).toMatchObject({ exitCode: 2, json: { line: 4, field: "value" } })
    expect(report.json.reason).toContain("[2,5]; expected [key, value] of the key that was invoked on line 3")
  })

  it("appends add up in some order, and an empty answer means that nothing is there", () => {
    expect(check("kv-append").json).toMatchObject({ verdict: "linearizable", model: "kv" })
    expect(check("kv-append", { emptyIsAbsent: false }).exitCode).toBe(1)
  })

  it("an append that is missing from a later answer is refused", () => {
    const report = check("kv-append-lost")
    expect(report.json).toMatchObject({ verdict: "not-linearizable", key: "k", partitions: 2 })
  })

  it("a failed cas has seen another value, unless it names an error or is taken to tell nothing", () => {
    const history = lines([
      [0, "invoke", "write", 1],
      [0, "ok", "write", 1],
      [0, "invoke", "cas", [1, 2]],
      [0, "fail", "cas", [1, 2]]
    ])
    expect(checkHistory(history).exitCode).toBe(1)
    expect(checkHistory(history, { failedCas: "dropped" }).exitCode).toBe(0)
    const refused = history.map((line) =>
      line.replace('"type":"fail"', '"type":"fail","error":"unavailable"')
    )
    expect(checkHistory(refused).exitCode).toBe(0)
  })

  it("an initial value can be given", () => {
    const history = lines([
      [0, "invoke", "r"],
      [0, "ok", "R", 7]
    ])
    expect(checkHistory(history).exitCode).toBe(1)
    expect(checkHistory(history, { initial: 7 }).exitCode).toBe(0)
  })

  it("versions that contradict what happened are reported, even if another order explains it", () => {
    const history = lines([
      [0, "invoke", "write", 1],
      [0, "ok", "write", 1, { version: 2 }],
      [0, "invoke", "write", 2],
      [0, "ok", "write", 2, { version: 1 }]
    ])
    const report = checkHistory(history)
    expect(report.exitCode).toBe(0)
    expect(report.json.versionFaults).toHaveLength(1)
  })

  it("records with the same fields are the same value", () => {
    const history = lines([
      [0, "invoke", "write", { a: 1, b: [2] }],
      [0, "ok", "write"],
      [0, "invoke", "read"],
      [0, "ok", "read", { b: [2], a: 1 }]
    ])
    expect(checkHistory(history).exitCode).toBe(0)
  })

  it("a process that asks for more before it was answered is noted, with the first of such lines", () => {
    const { exitCode, json, abandoned } = checkHistory(
      lines([
        [0, "invoke", "write", 1],
        [0, "invoke", "write", 2],
        [0, "ok", "write"],
        [0, "invoke", "read"],
        [0, "invoke", "read"],
        [0, "ok", "read", 1]
      ])
    )
    expect(exitCode).toBe(0)
    expect(json.abandoningLines).toBe(2)
    expect(abandoned).toMatch(/^2 lines invoke while the operation before .+ \(the first is line 2\): .+/)
    expect(check("late-write").abandoned).toBeUndefined()
    expect(check("late-write").json).not.toHaveProperty("abandoningLines")
  })

  it("an empty history is linearizable", () => expect(checkHistory(["", " "]).exitCode).toBe(0))
})

describe("input that is not understood", () => {
  const faulty: ReadonlyArray<readonly [string, ReadonlyArray<string>, number, string | undefined]> = [
    ["text that is not JSON", ['{"process":0,"type":"invoke","f":"read"}', "", "{nope"], 3, undefined],
    ["a line that is a list", ["[1]"], 1, undefined],
    ["a missing process", ['{"type":"invoke","f":"read"}'], 1, "process"],
    ["an unknown type", ['{"process":0,"type":"begin","f":"read"}'], 1, "type"],
    ["an unknown operation of a client", ['{"process":0,"type":"invoke","f":"dance"}'], 1, "f"],
    ["an outcome without invocation", ['{"process":0,"type":"ok","f":"read","value":1}'], 1, "process"],
    [
      "an outcome of something else",
      lines([
        [0, "invoke", "read"],
        [0, "ok", "write", 1]
      ]),
      2,
      "f"
    ],
    [
      "a version that is text",
      lines([
        [0, "invoke", "read"],
        [0, "ok", "read", 1, { version: "1" }]
      ]),
      2,
      "version"
    ]
  ]
  for (const [name, input, line, field] of faulty) {
    it(`${name} is named with its line`, () => {
      const { exitCode, json } = checkHistory(input)
      expect(exitCode).toBe(2)
      expect(json.verdict).toBe("not-understood")
      expect(json.line).toBe(line)
      expect(json.field).toBe(field)
      expect(json.reason).toContain(`line ${line}: `)
    })
  }

  it("a cas without two values is named", () => {
    const { exitCode, json } = checkHistory(lines([[0, "invoke", "cas", 3]]))
    expect([exitCode, json.reason]).toEqual([2, "line 1: field `value` of cas is 3; expected [from, to]"])
  })

  it("a register does not know append", () =>
    expect(checkHistory(lines([[0, "invoke", "append", "a"]]), { model: "register" }).exitCode).toBe(2))
})

describe("limits", () => {
  it("a check that may not take a step is undecided", () => {
    const report = check("stale-read", { stepsMax: 0 })
    expect(report).toMatchObject({ exitCode: 3, json: { verdict: "unknown", undecidedKeys: [null] } })
  })

  it("a check whose time is up is undecided, and says how long it took", () => {
    let nowMs = 0
    const report = check("kv-append", { now: () => (nowMs += 10), timeoutMs: 10 })
    expect(report.exitCode).toBe(3)
    expect(report.json.millis).toBeGreaterThan(0)
  })

  it("without memory for visited positions the verdict is the same", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const dice = new Dice(seed)
      const recipe = { operations: 30, processes: 5, keys: 1, values: 2, kinds: ["read", "write", "cas"] }
      const history = damage(dice, generate(dice, { ...recipe, openPercent: 5, failPercent: 5 }), 2)
      const verdict = checkHistory(toLines(history)).exitCode
      expect(checkHistory(toLines(history), { memoryMaxBytes: 0 }).exitCode).toBe(verdict)
    }
  })
})

describe("explanations", () => {
  it("the smallest part fails by itself, has the last straw, and what came before it does not fail", () => {
    const recipe = {
      operations: 9,
      processes: 4,
      keys: 1,
      values: 3,
      kinds: ["read", "read", "write", "cas"]
    }
    let explained = 0
    for (let seed = 1; seed <= 400; seed++) {
      const dice = new Dice(seed)
      const whole = damage(dice, generate(dice, { ...recipe, openPercent: 15, failPercent: 0 }), 3)
      // That an operation failed is known from the start, although a file says so only later.
      const history = whole.filter(({ outcome }) => outcome !== "fail")
      const report = checkHistory(toLines(history), { svg: true })
      if (report.exitCode !== 1) continue
      explained++
      const { smallest, position } = report.json.contradiction!
      const all = toLines(history)
      const kept = new Set(smallest.flatMap(({ from, to }) => (to === null ? [from] : [from, to])))
      const part = all.filter((_, index) => kept.has(index + 1) && index < position)
      expect(checkHistory(part).exitCode, `seed ${seed}`).toBe(1)
      expect(kept.has(position)).toBe(true)
      expect(checkHistory(all.slice(0, position)).exitCode).toBe(1)
      expect(checkHistory(all.slice(0, position - 1)).exitCode).toBe(0)
      expect(bruteForce(registerModel(), history)).toBe(false)
    }
    expect(explained).toBeGreaterThan(40)
  })
})
