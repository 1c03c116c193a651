/** Tests of the leader against those who have no say in its ballot. */
import { describe, expect, it } from "vitest"
import { Ballot, NodeId, noSlot, type Replica, Slot, StorageId } from "../ids.ts"
import { type LogView, noBase } from "../log/view.ts"
import { defaultLeaderSettings, type LeaderInput } from "./input.ts"
import { idleLeader, leaderStep, leads } from "./leader.ts"

const replica = (node: string, storage: string): Replica => ({
  node: NodeId(node),
  storage: StorageId(storage)
})
const self = replica("a", "1")
const acceptors = [self, replica("b", "1")]
const emptyLog: LogView = {
  base: noBase,
  first: Slot(1),
  promised: Ballot(2),
  last: noSlot,
  ballotAt: () => Ballot(0),
  lastSlotOfBallot: () => noSlot,
  read: () => []
}

const preparing = () => {
  const settings = defaultLeaderSettings
  const asked = leaderStep(idleLeader(self), emptyLog, { _tag: "Start", token: "t", acceptors, settings }, 0)
  const prev = { ballot: Ballot(1), generation: 0, leader: self, acceptors }
  const configuration = { ...prev, ballot: Ballot(2) }
  const reply = { _tag: "Issued", requestId: "t/ballot", configuration, prev } as const
  return leaderStep(asked.state, emptyLog, { _tag: "FromMaster", reply }, 0).state
}

/** A leader whose acceptors have all that they need: it waits for the master to activate its ballot. */
const awaiting = () => {
  let state = preparing()
  const tell = (input: LeaderInput) => {
    state = leaderStep(state, emptyLog, input, 0).state
  }
  const prepared = { _tag: "Prepared", ballot: Ballot(2), lastSlot: noSlot, prevSlot: noSlot } as const
  const log = { prevSlotBallot: Ballot(0), runs: [], chosen: noSlot }
  tell({ _tag: "FromAcceptor", from: self, message: { ...prepared, ...log } })
  const empty = { lastSlot: noSlot, round: 1, grantedMs: 0 }
  for (const from of acceptors)
    tell({ _tag: "FromAcceptor", from, message: { _tag: "Accepted", ballot: Ballot(2), ...empty } })
  return { tell, phase: () => state._tag, leading: () => leads(state) }
}

const nack = { _tag: "Nack", ballot: Ballot(2), promised: Ballot(9) } as const

describe("a leader", () => {
  it("steps down when an acceptor of its ballot has promised a higher one", () => {
    const step = leaderStep(
      preparing(),
      emptyLog,
      {
        _tag: "FromAcceptor",
        from: acceptors[1]!,
        message: nack
      },
      0
    )
    expect(step.state._tag).toBe("Deposed")
  })

  it("is not deposed by a stranger, nor by a node that came back with another disk", () => {
    for (const from of [replica("x", "1"), replica("b", "2")]) {
      const step = leaderStep(preparing(), emptyLog, { _tag: "FromAcceptor", from, message: nack }, 0)
      expect(step.state._tag).toBe("Preparing")
    }
  })

  it("that serves steps down when the master says that another ballot is active", () => {
    const { tell, phase } = awaiting()
    const configuration = { ballot: Ballot(2), generation: 0, leader: self, acceptors }
    tell({ _tag: "FromMaster", reply: { _tag: "Activated", requestId: "t/complete", configuration } })
    expect(phase()).toBe("Serving")
    const superseded = (ballot: number, generation = 0): LeaderInput => {
      const active = { ...configuration, ballot: Ballot(ballot), generation }
      return {
        _tag: "FromMaster",
        reply: { _tag: "Superseded", requestId: "r", active, latest: Ballot(9) }
      }
    }
    // An old answer, from before its own ballot became active, says nothing.
    tell(superseded(1))
    tell(superseded(1, 3))
    tell(superseded(2))
    expect(phase()).toBe("Serving")
    tell(superseded(3))
    expect(phase()).toBe("Deposed")
  })

  it("does not go back to a generation before its own, which an old answer names", () => {
    const { tell, leading } = awaiting()
    const whole = { ballot: Ballot(2), generation: 0, leader: self, acceptors }
    tell({ _tag: "FromMaster", reply: { _tag: "Activated", requestId: "t/complete", configuration: whole } })
    const smaller = { ...whole, generation: 1, acceptors: [self] }
    for (const active of [smaller, whole]) {
      const reply = { _tag: "MasterRead", requestId: "r", active, latest: Ballot(2) } as const
      tell({ _tag: "FromMaster", reply: { ...reply, minAcceptors: 1, drained: [], drains: 0 } })
      expect(leading()).toEqual(smaller)
    }
  })

  it("never serves in a ballot that the master has given to another one as well", () => {
    const { tell, phase } = awaiting()
    const configuration = { ballot: Ballot(2), generation: 0, leader: acceptors[1]!, acceptors }
    tell({ _tag: "FromMaster", reply: { _tag: "Activated", requestId: "t/complete", configuration } })
    expect(phase()).toBe("Deposed")
  })
})
