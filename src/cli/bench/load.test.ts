/** What a benchmark cannot measure is said before it begins. */
import { describe, expect, it } from "vitest"
import { type RowsAsked, rowsProblem } from "./load.ts"

const asked: RowsAsked = { outstanding: [1, 16, 256, 4096], sizes: [64], clients: [1], forMs: 3000 }

describe("rows of a benchmark", () => {
  it("are measured as they are by default", () => {
    expect(rowsProblem(asked)).toBeUndefined()
    expect(rowsProblem({ ...asked, clients: [1, 64] })).toBeUndefined()
  })

  it("are refused where they would fill the memory", () => {
    const problem = "4096 outstanding values of 500000 bytes fill the memory"
    const advice = "give --outstanding 536 or less, or a smaller --size"
    expect(rowsProblem({ ...asked, sizes: [64, 500_000] })).toBe(`${problem}: ${advice}`)
    expect(rowsProblem({ ...asked, outstanding: [536], sizes: [500_000] })).toBeUndefined()
  })

  it("are refused where there would be none, or nothing in them", () => {
    expect(rowsProblem({ ...asked, outstanding: [1, 2], clients: [4] })).toBe(
      "2 outstanding are too few for 4 clients: give --outstanding 4 or more"
    )
    expect(rowsProblem({ ...asked, forMs: 0 })).toBe(
      "in 0 ms nothing can be measured: give --for 100ms or more"
    )
  })
})
