/** How a master takes its seat: first, again, with a new disk, and not at all. */
import { describe, expect, it } from "vitest"
import { Ballot, GroupId, NodeId, type Replica, StorageId } from "../ids.ts"
import { covers, firstSeats, mergeSeats, takeSeat } from "./seats.ts"
import { decideSeat, type SeatTold, type Starting, type ToldBy } from "./taking-seat.ts"

const replica = (name: string, storage = name): Replica => ({
  node: NodeId(name),
  storage: StorageId(storage)
})
const [a, b, c] = [replica("a"), replica("b"), replica("c")]
const masters = [a.node, b.node, c.node]
const seats = firstSeats([a, b, c])
const nothing: SeatTold = { seats: [], floor: 0, files: [], promised: [] }
const starting = (own: Partial<Starting> = {}): Starting => ({
  ...nothing,
  self: a,
  masters,
  writes: 0,
  ...own
})
const told = (...answers: ReadonlyArray<readonly [Replica, Partial<SeatTold>]>) =>
  new Map(answers.map(([from, one]): [NodeId, ToldBy] => [from.node, { from, told: { ...nothing, ...one } }]))
const main = GroupId("main")
const file = (version: number, newerFrom: number, voters: ReadonlyArray<Replica> = [a, b]) => ({
  group: main,
  value: { version, text: `v${version}` },
  newerFrom: Ballot(newerFrom),
  voters
})

describe("a master that starts", () => {
  it("for the first time waits for all, and then all come to the same seats", () => {
    expect(decideSeat(starting(), told([b, {}]), false)).toEqual({ _tag: "Wait", silent: [c.node] })
    const formed = decideSeat(starting(), told([b, {}], [c, {}]), true)
    expect(formed).toEqual({ _tag: "Form", seats, values: [] })
    expect(decideSeat(starting({ self: b }), told([a, { seats }], [c, {}]), true)).toEqual(formed)
  })

  it("takes over the newest file of the time when one node kept the master", () => {
    const others = told([b, { files: [file(7, 9)] }], [c, {}])
    expect(decideSeat(starting({ files: [file(3, 4)] }), others, true)).toMatchObject({
      _tag: "Form",
      values: [file(7, 9)]
    })
  })

  it("never begins a group anew of which an acceptor has promised a ballot", () => {
    const promised = [{ group: main, ballot: Ballot(5) }]
    const lost = { _tag: "Refuse", problem: { _tag: "ValueLost", group: main, ballot: 5 } }
    expect(decideSeat(starting(), told([b, { promised }], [c, {}]), true)).toEqual(lost)
    expect(decideSeat(starting({ files: [file(3, 5)] }), told([b, { promised }], [c, {}]), true)).toEqual(
      lost
    )
  })

  it("takes a copy only when every acceptor that it names has told what it promised", () => {
    const d = replica("d")
    const own = starting({ files: [file(3, 5, [a, d])] })
    const masterAnswers = [
      [b, {}],
      [c, {}]
    ] as const
    expect(decideSeat(own, told(...masterAnswers), false)).toEqual({ _tag: "Wait", silent: [d.node] })
    expect(decideSeat(own, told(...masterAnswers, [d, {}]), false)).toMatchObject({ _tag: "Form", seats })
    const newer = { promised: [{ group: main, ballot: Ballot(5) }] }
    expect(decideSeat(own, told(...masterAnswers, [d, newer]), false)).toMatchObject({
      problem: { _tag: "ValueLost", ballot: 5 }
    })
  })

  it("never takes a copy of which an acceptor has lost its disk, and with it what it knew", () => {
    const own = starting({ files: [file(3, 5, [a, b])] })
    expect(decideSeat(own, told([replica("b", "b2"), {}], [c, {}]), false)).toEqual({
      _tag: "Refuse",
      problem: { _tag: "ValueUnproven", group: main, voter: b.node }
    })
  })

  it("again waits a while for all, and goes on with a majority", () => {
    const own = starting({ seats, writes: 4 })
    expect(decideSeat(own, told([b, { seats }]), true)).toMatchObject({ _tag: "Wait" })
    expect(decideSeat(own, told([b, { seats }]), false)).toEqual({ _tag: "Ready", seats })
    expect(decideSeat(own, told(), false)).toMatchObject({ _tag: "Wait" })
    expect(decideSeat(own, told([b, { seats }], [c, { seats }]), true)).toEqual({ _tag: "Ready", seats })
  })

  it("with less on its disk than others have heard of takes no part", () => {
    const own = starting({ seats, writes: 4 })
    expect(decideSeat(own, told([b, { seats, floor: 5 }]), true)).toEqual({
      _tag: "Refuse",
      problem: { _tag: "RolledBack", floor: 5, writes: 4, by: b.node }
    })
    expect(decideSeat(own, told([b, { seats, floor: 4 }]), false)).toMatchObject({ _tag: "Ready" })
  })

  it("with a new disk asks a majority of those who have a seat, itself not counted", () => {
    const own = starting({ self: replica("a", "a2") })
    expect(decideSeat(own, told([b, { seats }], [c, {}]), false)).toMatchObject({ _tag: "Wait" })
    const joins = decideSeat(own, told([b, { seats }], [c, { seats }]), false)
    expect(joins).toMatchObject({ _tag: "Join", from: [b, c] })
    if (joins._tag !== "Join") throw new Error("it joins")
    expect(joins.seats[0]).toEqual({ generation: 2, replica: replica("a", "a2") })
  })

  it("among other masters than those that keep the register is refused", () => {
    const others = firstSeats([a, b, replica("d")])
    expect(decideSeat(starting(), told([b, { seats: others }]), false)).toMatchObject({
      _tag: "Refuse",
      problem: { _tag: "MastersDiffer", masters: ["a", "b", "d"] }
    })
  })
})

describe("seats", () => {
  it("of later generations cover earlier ones, and merge to the later of each", () => {
    const left = takeSeat(seats, replica("a", "a2"))
    const right = takeSeat(seats, replica("b", "b2"))
    expect(covers(left, seats)).toBe(true)
    expect(covers(seats, left)).toBe(false)
    expect(covers(left, right) || covers(right, left)).toBe(false)
    const merged = mergeSeats(left, right)
    expect(merged).toEqual(mergeSeats(right, left))
    expect(covers(merged, left) && covers(merged, right)).toBe(true)
  })

  it("taken by two in one generation go to the same one everywhere", () => {
    const one = takeSeat(seats, replica("a", "x"))
    const other = takeSeat(seats, replica("a", "y"))
    expect(mergeSeats(one, other)).toEqual(other)
    expect(mergeSeats(other, one)).toEqual(other)
  })
})
