/** A model of one's own, as a user of the package writes it: the counter of docs/history.md. */
import { describe, expect, it } from "vitest"
import { checkHistory, ignored, type Model, refused } from "../../src/sim/sim.ts"
import { type Event, lines } from "./lines.ts"

const counter: Model<number, { readonly sum: number | undefined }> = {
  name: "counter",
  operations: ["add"],
  initial: 0,
  command: ({ outcome, output }) =>
    outcome === "fail" ? ignored : { sum: outcome === "open" ? undefined : Number(output) },
  step: (sum, command) => (command.sum === undefined || command.sum === sum + 1 ? sum + 1 : refused),
  identity: (sum) => sum,
  pure: () => false,
  fingerprint: (command) => `add ${command.sum}`,
  show: (command) => `add → ${command.sum ?? "?"}`,
  showState: (sum) => `the sum is ${sum}`
}

const add = (process: number, answer: number): ReadonlyArray<Event> => [
  [process, "invoke", "add", null],
  [process, "ok", "add", answer]
]

const check = (...events: ReadonlyArray<Event>) => checkHistory(lines(events), { model: counter, svg: true })

describe("a history of a counter", () => {
  it("is explained where each answer is one more than the last", () => {
    const { exitCode, json } = check(
      [0, "invoke", "add", null],
      ...add(1, 2),
      [0, "ok", "add", 1],
      ["nemesis", "info", "kill"],
      ...add(1, 3)
    )
    expect(json).toMatchObject({ verdict: "linearizable", model: "counter", operations: 3, skippedLines: 1 })
    expect(exitCode).toBe(0)
  })

  it("is refused where an answer came twice, and what is shown is in the words of the model", () => {
    const { exitCode, json, svg } = check(...add(0, 1), ...add(1, 1))
    expect(exitCode).toBe(1)
    expect(json.reason).toContain("`add → 1`")
    expect(json.contradiction?.prefix.state).toBe("the sum is 1")
    expect(svg).toContain("add → 1")
  })

  it("may have an operation that nobody was told of, once, at any time", () => {
    const lost: Event = [7, "invoke", "add", null]
    expect(check(lost, ...add(0, 1), ...add(0, 3)).exitCode).toBe(0)
    expect(check(lost, ...add(0, 1), ...add(0, 2)).exitCode).toBe(0)
    expect(check(lost, ...add(0, 1), ...add(0, 4)).exitCode).toBe(1)
  })

  it("is not understood where a client asks for what the model does not have", () => {
    expect(check([0, "invoke", "read", null]).json.reason).toContain("expected one of add")
    const { operations, ...anything } = counter
    expect(operations).toEqual(["add"])
    const { json } = checkHistory(lines([[0, "invoke", "enqueue", [1, 2]]]), { model: anything })
    expect(json).toMatchObject({ verdict: "linearizable", operations: 1 })
  })
})

describe("a model that throws", () => {
  it("is not taken for a value that is not understood", () => {
    const step = () => {
      throw new RangeError("the model has an error of its own")
    }
    expect(() => checkHistory(lines(add(0, 1)), { model: { ...counter, step } })).toThrow("of its own")
  })
})

describe("the example of checkHistory", () => {
  it("finds the read that saw nothing", () => {
    const event = (process: number, type: string, f: string, value: number | null) =>
      JSON.stringify({ process, type, f, key: "x", value })
    const { json } = checkHistory([
      event(0, "invoke", "write", 1),
      event(0, "ok", "write", 1),
      event(1, "invoke", "read", null),
      event(1, "ok", "read", null)
    ])
    expect(json.verdict).toBe("not-linearizable")
  })
})
