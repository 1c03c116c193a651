/** A leader takes in who keeps up, leaves out who is drained or gone; a node that flaps does not rule it. */
import { describe, expect, it } from "vitest"
import { Ballot, NodeId, type Replica, Slot, StorageId } from "../ids.ts"
import type { LeaderState } from "../leader/state.ts"
import { serving } from "./membership.test-support.ts"
import {
  defaultMembershipSettings,
  freshMembership,
  lookAtMembers,
  type MembershipAction,
  noteAsked,
  noteStanding
} from "./membership.ts"

const replica = (node: string, storage = "1"): Replica => ({
  node: NodeId(node),
  storage: StorageId(storage)
})
const [a, b, c, d] = ["A", "B", "C", "D"].map((node) => replica(node)) as [Replica, Replica, Replica, Replica]

const carrying = (acceptors: ReadonlyArray<Replica>, prev: ReadonlyArray<Replica>): LeaderState => {
  const { configuration, ...rest } = serving(acceptors)
  return {
    ...rest,
    _tag: "Carrying",
    configuration: { ...configuration, ballot: Ballot(3) },
    prev: { ...configuration, acceptors: prev }
  }
}

/** A group of A, B and C, with D behind them, whose leader is A; the clock moves by 100 ms a look. */
const group = (change: { readonly size?: number; readonly minAcceptors?: number } = {}) => {
  const joins = ["A", "B", "C", "D"].map((node) => NodeId(node))
  let state = freshMembership({ ...defaultMembershipSettings, size: 3, minAcceptors: 1, joins, ...change })
  let nowMs = 0
  const missed = new Set<string>()
  const look = (leader: LeaderState): MembershipAction => {
    nowMs += 100
    const step = lookAtMembers(state, leader, ({ node }) => missed.has(node), nowMs)
    state = step.state
    return step.action
  }
  const told = (drained: ReadonlyArray<string> = []) => {
    const { minAcceptors } = state.settings
    state = noteStanding(state, { minAcceptors, drained: drained.map((node) => NodeId(node)), drains: 0 })
  }
  const asks = (one: Replica, fromSlot = 1) => {
    state = noteAsked(state, one, Slot(fromSlot), nowMs)
  }
  /** Looks for so long, while these keep asking, until there is something to do. */
  const wait = (
    leader: LeaderState,
    lengthMs: number,
    ...asking: ReadonlyArray<Replica>
  ): ReadonlyArray<string> => {
    for (const endMs = nowMs + lengthMs; nowMs < endMs; ) {
      for (const one of asking) asks(one, 1 + ("chosen" in leader ? leader.chosen : 0))
      const action = look(leader)
      if (action._tag === "ReadMaster") told()
      if (action._tag === "Reconfigure") return action.acceptors.map(({ node }) => node)
    }
    return []
  }
  return { look, told, asks, wait, missed, now: () => nowMs }
}

describe("a group below its size", () => {
  it("takes in who asks and keeps up, once the master has said who is drained", () => {
    const one = group()
    one.asks(d)
    expect(one.look(serving([a, b]))._tag).toBe("ReadMaster")
    expect(one.look(serving([a, b]))._tag).toBe("Nothing")
    one.told()
    expect(one.wait(serving([a, b]), 1000, d)).toEqual(["A", "B", "D"])
  })

  it("takes in who keeps up although old questions of it come late", () => {
    const one = group()
    const leader = (chosen: number) => serving([a, b], chosen)
    const taken: Array<string> = []
    for (let look = 1; look <= 20 && taken.length === 0; look++) {
      one.asks(d, look * 1000 + 1)
      one.asks(d, 1)
      const action = one.look(leader(look * 1000))
      if (action._tag === "ReadMaster") one.told()
      if (action._tag === "Reconfigure") taken.push(...action.acceptors.map(({ node }) => node))
    }
    expect(taken).toEqual(["A", "B", "D"])
  })

  it("prefers the acceptors it began with, and takes in no more than it needs", () => {
    expect(group().wait(serving([a, b]), 1000, d, c)).toEqual(["A", "B", "C"])
    expect(group({ size: 4 }).wait(serving([a, b]), 1000, d, c)).toEqual(["A", "B", "C", "D"])
  })

  it("takes in nobody who is behind, has fallen silent, is suspected, or is no spare", () => {
    const behind = group()
    for (let chosen = 100; chosen < 2000; chosen += 100) {
      behind.asks(d, Math.max(1, chosen - 399))
      const action = behind.look(serving([a, b], chosen))
      if (action._tag === "ReadMaster") behind.told()
      else expect(action._tag).toBe("Nothing")
    }
    const silent = group()
    silent.asks(d)
    expect(silent.wait(serving([a, b], 5), 5000)).toEqual([])
    const suspected = group()
    suspected.missed.add("D")
    expect(suspected.wait(serving([a, b]), 5000, d)).toEqual([])
    expect(group().wait(serving([a, b]), 5000, replica("X"))).toEqual([])
  })

  it("takes in a node with a new disk as the replica that it now is", () => {
    const one = group()
    const wiped = replica("C", "2")
    one.wait(serving([a, b]), 200, c)
    const action = one.wait(serving([a, b]), 1000, wiped)
    expect(action).toEqual(["A", "B", "C"])
  })

  it("asks for nothing while a ballot is asked for already", () => {
    const next = { _tag: "ReadMaster", requestId: "x" } as const
    expect(group().wait(serving([a, b], 0, { next }), 3000, d)).toEqual([])
  })
})

describe("a node that flaps", () => {
  it("waits longer each time before it is taken in again", () => {
    const one = group()
    const waits: Array<number> = []
    for (let times = 0; times < 4; times++) {
      one.wait(serving([a, b, c]), 600)
      const sinceMs = one.now()
      expect(one.wait(serving([a, b]), 60_000, c)).toEqual(["A", "B", "C"])
      waits.push(one.now() - sinceMs)
    }
    for (const [index, wait] of waits.entries())
      if (index > 0) expect(wait).toBeGreaterThan(waits[index - 1]!)
  })

  it("waits no longer where a command comes now and then, between two of its questions", () => {
    const one = group()
    for (let times = 0; times < 5; times++) {
      one.wait(serving([a, b, c]), 600)
      one.look(serving([a, b]))
    }
    let [chosen, through] = [0, 0]
    const sinceMs = one.now()
    const taken = (): ReadonlyArray<string> => {
      for (let looks = 1; looks < 600; looks++) {
        // It asks every second for what has come since, once more as there was something, and then pauses.
        if (looks % 10 === 0) {
          one.asks(c, through + 1)
          through = chosen
          one.asks(c, through + 1)
        }
        if (looks % 3 === 0) chosen++
        const action = one.look(serving([a, b], chosen))
        if (action._tag === "ReadMaster") one.told()
        if (action._tag === "Reconfigure") return action.acceptors.map(({ node }) => node)
      }
      return []
    }
    expect(taken()).toEqual(["A", "B", "C"])
    expect(one.now() - sinceMs).toBeLessThan(12_000)
  })
})

describe("a drained node", () => {
  const drained = (one: ReturnType<typeof group>, leader: LeaderState, ...nodes: ReadonlyArray<string>) => {
    for (let looks = 0; looks < 20; looks++) {
      one.told(nodes)
      const action = one.look(leader)
      if (action._tag === "Reconfigure") return action.acceptors.map(({ node }) => node)
    }
    return []
  }

  it("is taken out, and its place given to a spare where one keeps up", () => {
    expect(drained(group(), serving([a, b, c]), "C")).toEqual(["A", "B"])
    const one = group()
    one.wait(serving([a, b, c]), 1000, d)
    one.asks(d)
    expect(drained(one, serving([a, b, c]), "C")).toEqual(["A", "B", "D"])
  })

  it("is not taken in, stays where too few would be left, and leads on until it has handed over", () => {
    const one = group()
    one.wait(serving([a, b, c]), 1000, d)
    one.asks(d)
    expect(drained(one, serving([a, b]), "D")).toEqual([])
    expect(drained(group({ minAcceptors: 2 }), serving([a, b]), "B")).toEqual([])
    expect(drained(group(), serving([a, b, c]), "A")).toEqual([])
  })
})

describe("an acceptor that is missed", () => {
  it("is left out when another is taken in, and is no reason by itself", () => {
    const one = group()
    one.missed.add("C")
    expect(one.wait(serving([a, b, c]), 1000)).toEqual([])
    expect(one.wait(serving([a, b, c]), 1000, d)).toEqual(["A", "B", "D"])
  })
})

describe("a ballot that does not get on", () => {
  it("is given up for one without the newcomer, and not where there is none", () => {
    const one = group()
    expect(one.wait(carrying([a, b, d], [a, b]), 5000)).toEqual(["A", "B"])
    expect(one.now()).toBeGreaterThanOrEqual(1000)
    expect(group().wait(carrying([a, b], [a, b]), 5000)).toEqual([])
  })
})
