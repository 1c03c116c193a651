/** Who campaigns when a leader is missed: one first, the others only if it does not. */
import { describe, expect, it } from "vitest"
import type { Configuration } from "../configuration.ts"
import { Ballot, NodeId, type Replica, StorageId } from "../ids.ts"
import { decide, type Vacancy, type View } from "./candidacy.ts"

const replica = (name: string, storage = "1"): Replica => ({
  node: NodeId(name),
  storage: StorageId(storage)
})
const [a, b, c] = ["A", "B", "C"].map((name) => replica(name)) as [Replica, Replica, Replica]
const active: Configuration = { ballot: Ballot(4), generation: 0, leader: a, acceptors: [a, b, c] }
const settings = { staggerMs: 100, attemptMs: 250, leaderlessMs: 1000 }

const missing =
  (...missed: ReadonlyArray<Replica>) =>
  (one: Replica) =>
    missed.some(({ node, storage }) => node === one.node && storage === one.storage)

const seen = (self: Replica, more: Partial<View> = {}, latest = 4, minAcceptors = 1) =>
  decide(
    {
      self,
      standing: { active, latest: Ballot(latest), minAcceptors },
      misses: missing(),
      quietMs: 0,
      vacancy: undefined,
      nowMs: 5000,
      jitter: 0,
      ...more
    },
    settings
  )
const since = (dueAtMs: number, latest = 4): Vacancy => ({ active, latest: Ballot(latest), dueAtMs })

describe("where the leader is missed", () => {
  const misses = missing(a)

  it("the first survivor campaigns at once, without whom it misses", () => {
    expect(seen(b, { misses })).toMatchObject({ _tag: "Campaign", acceptors: [b, c] })
    expect(seen(c, { misses: missing(a, b) })).toMatchObject({ _tag: "Campaign", acceptors: [c] })
  })

  it("the next one stands by for its turn, and campaigns if nobody was issued a ballot until then", () => {
    const standBy = seen(c, { misses })
    expect(standBy).toMatchObject({ _tag: "StandBy", vacancy: { dueAtMs: 5100, latest: 4 } })
    expect(seen(c, { misses, vacancy: since(5001) })).toMatchObject({ _tag: "StandBy" })
    expect(seen(c, { misses, vacancy: since(5000) })).toMatchObject({ _tag: "Campaign", acceptors: [b, c] })
  })

  it("a ballot that somebody else was issued meanwhile is left to it for a while", () => {
    const left = seen(c, { misses, vacancy: since(5000), jitter: 0.5 }, 5)
    expect(left).toEqual({ _tag: "StandBy", vacancy: since(5000 + 250 * 1.25 + 100, 5) })
    const over = seen(c, { misses, vacancy: since(5000, 5) }, 5)
    expect(over).toMatchObject({ _tag: "Campaign", acceptors: [b, c] })
  })

  it("whose campaign came to nothing stands back before it tries again", () => {
    const first = seen(b, { misses })
    const again = seen(b, { misses, vacancy: first._tag === "Campaign" ? first.vacancy : undefined }, 6)
    expect(again).toMatchObject({ _tag: "StandBy", vacancy: { dueAtMs: 5250, latest: 6 } })
  })

  it("nobody campaigns with fewer acceptors than the group keeps, nor from outside", () => {
    expect(seen(b, { misses }, 4, 3)).toEqual({ _tag: "Rest" })
    expect(seen(replica("D"), { misses })).toEqual({ _tag: "Rest" })
    expect(seen(replica("B", "2"), { misses: missing(a, b) })).toEqual({ _tag: "Rest" })
  })

  it("a wait for another configuration counts for nothing", () => {
    const other = { ...since(0), active: { ...active, generation: 1 } }
    expect(seen(c, { misses, vacancy: other })).toMatchObject({ _tag: "StandBy", vacancy: { dueAtMs: 5100 } })
  })
})

describe("where the leader is there", () => {
  it("the others rest while it is heard of, whoever else they miss", () => {
    expect(seen(b, { misses: missing(c) })).toEqual({ _tag: "Rest" })
  })

  it("they look after it in their turn when it leads nothing", () => {
    const standBy = seen(b, { quietMs: 1000 })
    expect(standBy).toMatchObject({ _tag: "StandBy", vacancy: { dueAtMs: 5200 } })
    const campaign = seen(b, { quietMs: 1300, vacancy: since(5000) })
    expect(campaign).toMatchObject({ _tag: "Campaign", acceptors: [a, b, c] })
  })

  it("it campaigns itself at once after a restart, and later where another ballot is on its way", () => {
    expect(seen(a)).toMatchObject({ _tag: "Campaign", acceptors: [a, b, c] })
    expect(seen(a, {}, 5)).toMatchObject({ _tag: "StandBy", vacancy: { dueAtMs: 5250 } })
    expect(seen(a, { misses: missing(b) })).toMatchObject({ _tag: "Campaign", acceptors: [a, c] })
  })
})

describe("where nothing is active", () => {
  it("the group is to be begun", () => {
    const standing = { active: undefined, latest: Ballot(0), minAcceptors: 1 }
    expect(seen(a, { standing })).toEqual({ _tag: "Bootstrap" })
  })
})
