/** Questions that gather are asked in messages that a bus takes. */
import { expect, it } from "vitest"
import { Questions } from "./questions.ts"

const stretchesOf = (count: number, size: number, roomBytes = 1024 * 1024) => {
  const questions = new Questions()
  for (let asked = 0; asked < count; asked++) {
    questions.add({ bytes: new Uint8Array(size), done: () => {}, deadlineMs: 1000 })
  }
  return questions.take(0, roomBytes)
}

it("asks many long questions in several messages of consecutive numbers", () => {
  const stretches = stretchesOf(1000, 1100)
  let next = 1
  for (const { first, queries } of stretches) {
    expect(first).toBe(next)
    expect(queries.length * 1100).toBeLessThanOrEqual(48 * 1024)
    next += queries.length
  }
  expect(next).toBe(1001)
  expect(stretches.length).toBe(Math.ceil(1000 / 44))
})

it("asks a question alone that is larger than a message should be", () => {
  expect(stretchesOf(3, 100_000).map(({ first }) => first)).toEqual([1, 2, 3])
})

it("asks fewer at a time where the bus takes less", () => {
  const stretches = stretchesOf(10, 1000, 2500)
  expect(stretches.map(({ first }) => first)).toEqual([1, 3, 5, 7, 9])
})
