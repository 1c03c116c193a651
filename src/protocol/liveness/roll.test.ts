/** What the roll of a node says, and what those who hear it make of it. */
import { describe, expect, it } from "vitest"
import type { AcceptorState } from "../acceptor/acceptor.ts"
import { freshGrants } from "../acceptor/lease.ts"
import type { Configuration } from "../configuration.ts"
import { Ballot, GroupId, NodeId, type Replica, Slot, StorageId } from "../ids.ts"
import { defaultLeaderSettings } from "../leader/input.ts"
import { serving } from "../membership/membership.test-support.ts"
import { hearRollEntry, type RollHeard, rollEntryOf } from "./roll.ts"

const replica = (node: string): Replica => ({ node: NodeId(node), storage: StorageId("1") })
const [a, b] = [replica("A"), replica("B")]
const group = GroupId("main")
const active: Configuration = { ballot: Ballot(2), generation: 1, leader: a, acceptors: [a, b] }
const entry = { group, ballot: Ballot(2), generation: 1, chosen: Slot(7) }
const voter: AcceptorState = {
  self: b,
  promised: Ballot(2),
  chosen: Slot(7),
  configuration: active,
  grants: freshGrants(0, 0, 0)
}

describe("whoever hears a roll", () => {
  const cases: ReadonlyArray<
    readonly [string, Partial<AcceptorState>, Configuration | undefined, RollHeard]
  > = [
    ["votes, and knows all there is", {}, undefined, "Content"],
    ["lacks the last that is chosen", { chosen: Slot(6) }, undefined, "Rouse"],
    ["came back and knows nothing of who votes", { configuration: undefined }, undefined, "Rouse"],
    [
      "was told by others who votes, and lacks something",
      { configuration: undefined, chosen: Slot(6) },
      active,
      "Rouse"
    ],
    ["has promised a ballot above", { promised: Ballot(3) }, undefined, "Rouse"],
    ["knows an older generation", { configuration: { ...active, generation: 0 } }, undefined, "Rouse"],
    ["knows a later generation", { configuration: { ...active, generation: 2 } }, undefined, "Rouse"],
    ["knows an older ballot", { configuration: { ...active, ballot: Ballot(1) } }, undefined, "Rouse"],
    [
      "is no acceptor",
      { configuration: { ...active, acceptors: [a] }, chosen: Slot(0) },
      undefined,
      "Outside"
    ]
  ]
  for (const [who, change, known, heard] of cases)
    it(`and ${who}: ${heard}`, () => {
      expect(hearRollEntry({ ...voter, ...change }, known, entry)).toBe(heard)
    })
})

describe("a roll", () => {
  const settings = { ...defaultLeaderSettings, quietAfterMs: 3000 }
  const confirmed = {
    acknowledged: Slot(7),
    confirmed: 2,
    next: Slot(8),
    behind: false,
    moved: false,
    leaseUntilMs: 0
  }
  const progress = new Map([a, b].map(({ node }) => [node, confirmed]))
  const resting = serving([a, b], 7, { settings, progress, toldAfter: 1, busyAtMs: 1000 })

  it("names a group before its leader falls silent, and after that", () => {
    expect(rollEntryOf(group, resting, 1999)).toBeUndefined()
    expect(rollEntryOf(group, resting, 2000)).toMatchObject({ group, ballot: 2, chosen: 7 })
    expect(rollEntryOf(group, { ...resting, isSilent: true }, 0)).toBeDefined()
  })

  it("does not name a group in which something is on its way, or that is not served", () => {
    expect(rollEntryOf(group, { ...resting, last: Slot(8) }, 9000)).toBeUndefined()
    expect(rollEntryOf(group, { ...resting, toldAfter: 2 }, 9000)).toBeUndefined()
    expect(rollEntryOf(group, { _tag: "Deposed", self: a, reason: "test" }, 9000)).toBeUndefined()
  })

  it("names nobody where silence is not wanted", () => {
    expect(rollEntryOf(group, { ...resting, settings: defaultLeaderSettings }, 9000)).toBeUndefined()
  })
})
