/**
 * Where keys stand in the values of a history that reads nothing: what a cas compares tells, or nothing does.
 */
import { describe, expect, it } from "vitest"
import { checkHistory } from "../../src/sim/history/command.ts"
import type { Json } from "../../src/sim/history/operation.ts"
import { type Event, lines } from "./lines.ts"

describe("keys inside the values of a history that reads nothing", () => {
  const done = (f: string, value: Json): ReadonlyArray<Event> => [
    [0, "invoke", f, value],
    [0, "ok", f, value]
  ]
  const verdict = (...events: ReadonlyArray<ReadonlyArray<Event>>) => {
    const { exitCode, json } = checkHistory(lines(events.flat()))
    return [exitCode, json.partitions]
  }

  it("are found where a cas compares what could be no value of one object", () => {
    const [x, y] = [done("write", ["x", 1]), done("write", ["y", 2])]
    expect(verdict(x, y, done("cas", ["x", [1, 3]]), done("cas", ["y", [2, 4]]))).toEqual([0, 2])
    expect(verdict(x, y, done("cas", ["x", [2, 3]]))).toEqual([1, 2])
    expect(
      verdict(
        done("write", [[1, 2], 5]),
        done("cas", [
          [1, 2],
          [5, 6]
        ])
      )
    ).toEqual([0, 1])
  })

  it("are not looked for where a cas compares what was written, or what is there at first", () => {
    const written = done("write", [1, 2])
    expect(
      verdict(
        written,
        done("cas", [
          [1, 2],
          [3, 4]
        ])
      )
    ).toEqual([0, 1])
    expect(
      verdict(
        written,
        done("cas", [
          [1, 2],
          [3, 4]
        ]),
        done("cas", [
          [1, 2],
          [5, 6]
        ])
      )
    ).toEqual([1, 1])
    expect(
      verdict(
        done("cas", [null, [1, 2]]),
        done("cas", [
          [1, 2],
          [3, 4]
        ])
      )
    ).toEqual([0, 1])
    expect(verdict(written, done("write", [3, 4]))).toEqual([0, 1])
    const counted = lines([...done("cas", [0, [1, 2]]), ...written])
    expect(checkHistory(counted, { initial: 0 }).json.verdict).toBe("linearizable")
  })

  it("are not understood where a cas may be meant either way, unless it is said which", () => {
    const either = [
      ...done("write", [[1, 2], 3]),
      ...done("write", [1, 2]),
      ...done("cas", [
        [1, 2],
        [3, 4]
      ])
    ]
    const { exitCode, json } = checkHistory(lines(either))
    expect([exitCode, json.line, json.field]).toEqual([2, 5, "value"])
    expect(json.reason).toBe(
      "line 5: field `value` of cas is [[1,2],[3,4]], which may be [from, to] or [key, [from, to]], " +
        "and nothing is read that tells which: write the key as `key`"
    )
    expect(
      checkHistory(
        lines(
          done("cas", [
            [1, 2],
            [3, 4]
          ])
        )
      ).exitCode
    ).toBe(2)
    const [apart, together] = [true, false].map((independent) => checkHistory(lines(either), { independent }))
    expect([apart?.json.partitions, together?.json.partitions]).toEqual([2, 1])
  })
})
