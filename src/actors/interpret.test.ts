/** What a turn gates leaves in one piece, and never says more than each ballot did. */
import { describe, expect, it } from "vitest"
import { Ballot, NodeId, Slot } from "../protocol/ids.ts"
import type { Accepted } from "../protocol/messages.ts"
import { type Hands, Turn } from "./interpret.ts"
import type { GroupLog } from "./log/group-log.ts"

const accepted = (ballot: number, lastSlot: number, round: number, grantedMs = 0): Accepted => ({
  _tag: "Accepted",
  ballot: Ballot(ballot),
  lastSlot: Slot(lastSlot),
  round,
  grantedMs
})

/** The acknowledgements that leave at the end of a turn in which these were gated. */
const leaving = (...all: ReadonlyArray<Accepted>): ReadonlyArray<unknown> => {
  const sent: Array<unknown> = []
  const hands = { send: (_to: unknown, message: unknown) => sent.push(message) } as unknown as Hands
  const log = {
    persist: () => {},
    sync: (done: (failure?: undefined) => void) => done()
  } as unknown as GroupLog
  const turn = new Turn(hands, log)
  for (const message of all) {
    const release = [{ _tag: "Send", to: [NodeId("a")], message } as const]
    turn.take([{ _tag: "Persist", records: [], release }])
  }
  turn.end(() => {})
  return sent
}

describe("the acknowledgements of one turn", () => {
  it("are one that says it all, with the lease of the newest round", () => {
    expect(leaving(accepted(2, 7, 1, 200), accepted(2, 9, 2, 150), accepted(2, 8, 3, 0))).toEqual([
      accepted(2, 9, 3, 0)
    ])
  })

  it("stay apart where they are of two ballots: none says what was acknowledged in the other", () => {
    expect(leaving(accepted(2, 9, 5), accepted(3, 4, 1), accepted(3, 6, 2))).toEqual([
      accepted(2, 9, 5),
      accepted(3, 6, 2)
    ])
  })
})
