/** Stretches say of a log what a plain list of ballots would say. */
import { describe, expect, it } from "vitest"
import { Ballot, noBallot, noSlot, Slot } from "../ids.ts"
import { ballotIn, lastOf, lastSlotOfBallotIn, type Stretches, stretchesWith } from "./view.ts"

/** The same every time: a linear congruential generator. */
const numbers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

describe("stretches", () => {
  it("answer as a list of ballots does, whatever is appended and replaced", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const below = numbers(seed)
      let stretches: Stretches = []
      let ballots: Array<number> = []
      let ballot = 1
      for (let step = 0; step < 12; step++) {
        const first = below(ballots.length + 1) + 1
        const least = ballots[first - 2] ?? 1
        ballot = Math.max(ballot + below(2), least)
        const count = below(4) + 1
        stretches = stretchesWith(stretches, { ballot: Ballot(ballot), first: Slot(first), count })
        ballots = [...ballots.slice(0, first - 1), ...Array(count).fill(ballot)]
        expect(lastOf(stretches)).toBe(ballots.length)
        for (let slot = 1; slot <= ballots.length + 1; slot++)
          expect(ballotIn(stretches, Slot(slot)), `seed ${seed}`).toBe(ballots[slot - 1])
        const asked = below(ballot + 1)
        const at = below(ballots.length + 2)
        const last = ballots.slice(0, at).findLastIndex((one) => one <= asked) + 1
        expect(lastSlotOfBallotIn(stretches, Ballot(asked), Slot(at))).toBe(last)
      }
      expect(new Set(stretches.map((stretch) => stretch.ballot)).size).toBe(stretches.length)
    }
  })

  it("of an empty log know slot 0 alone", () => {
    expect(lastOf([])).toBe(noSlot)
    expect(ballotIn([], noSlot)).toBe(noBallot)
    expect(ballotIn([], Slot(1))).toBeUndefined()
    expect(lastSlotOfBallotIn([], Ballot(9), Slot(9))).toBe(noSlot)
  })
})
