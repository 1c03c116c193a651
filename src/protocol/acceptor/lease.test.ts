/** Tests of leases: what an acceptor promises about others' Prepares, and what a leader makes of it. */
import { describe, expect, it } from "vitest"
import { Ballot, NodeId, noBallot, noSlot, type Replica, Slot, StorageId } from "../ids.ts"
import { type LogView, noBase } from "../log/view.ts"
import type { FromAcceptor, ToAcceptor } from "../messages.ts"
import { type AcceptorState, acceptorStep, leaseWaited } from "./acceptor.ts"
import { freshGrants, grantedMs, leaseFrom, mustWait, noteSending, type Sending, withGrant } from "./lease.ts"

const [a, b, c] = ["a", "b", "c"].map((node): Replica => ({ node: NodeId(node), storage: StorageId("1") }))
const replicas = [a!, b!, c!]
const log = (promised: number): LogView => ({
  promised: Ballot(promised),
  last: noSlot,
  first: Slot(1),
  base: noBase,
  ballotAt: () => noBallot,
  lastSlotOfBallot: () => noSlot,
  read: () => []
})
const of = (ballot: number, leader: Replica) => ({
  ballot: Ballot(ballot),
  generation: 0,
  leader,
  acceptors: replicas
})
const acceptMessage = (ballot: number, leader: Replica, round = 1, leaseMs = 200): ToAcceptor => ({
  _tag: "Accept",
  configuration: of(ballot, leader),
  prevSlot: noSlot,
  prevSlotBallot: noBallot,
  runs: [],
  chosen: noSlot,
  round,
  leaseMs
})
const prepareMessage = (ballot: number, leader: Replica): ToAcceptor => ({
  _tag: "Prepare",
  configuration: of(ballot, leader),
  prev: of(2, a!),
  fromSlot: Slot(1)
})

/** An acceptor, b unless named, that is driven by hand. */
class Driven {
  state: AcceptorState
  noted = 0
  wait: number | undefined

  constructor(self: Replica = b!, durationMs = 200, notedMs = 0, startMs = 0) {
    const grants = freshGrants(durationMs, notedMs, startMs)
    this.state = { self, promised: noBallot, chosen: noSlot, configuration: undefined, grants }
  }

  #take(step: ReturnType<typeof acceptorStep>): FromAcceptor | undefined {
    this.state = step.state
    let answer: FromAcceptor | undefined
    for (const output of step.outputs) {
      if (output._tag === "SetTimer") this.wait = output.afterMs
      if (output._tag === "Send") answer = output.message as FromAcceptor
      if (output._tag !== "Persist") continue
      for (const record of output.records) if (record._tag === "LeaseNoted") this.noted = record.durationMs
      for (const free of output.release) if (free._tag === "Send") answer = free.message as FromAcceptor
    }
    return answer
  }

  receive(from: Replica, message: ToAcceptor, nowMs: number): FromAcceptor | undefined {
    return this.#take(acceptorStep(this.state, log(this.state.promised), from, message, nowMs))
  }

  fire(nowMs: number): FromAcceptor | undefined {
    return this.#take(leaseWaited(this.state, log(this.state.promised), nowMs))
  }
}

/** One that has granted a, in ballot 2, a lease until 300. */
const granted = (self?: Replica): Driven => {
  const acceptor = new Driven(self)
  expect(acceptor.receive(a!, acceptMessage(2, a!), 100)).toMatchObject({ grantedMs: 200 })
  return acceptor
}

describe("an acceptor", () => {
  it("grants what it is asked for, no more than its own duration, and notes that on its disk first", () => {
    const acceptor = new Driven(b!, 150)
    expect(acceptor.receive(a!, acceptMessage(2, a!, 1, 100), 0)).toMatchObject({ grantedMs: 100 })
    expect(acceptor.receive(a!, acceptMessage(2, a!, 2, 500), 0)).toMatchObject({ grantedMs: 150 })
    expect(acceptor.noted).toBe(150)
    expect(acceptor.receive(a!, acceptMessage(2, a!, 3, 0), 0)).toMatchObject({ grantedMs: 0 })
  })

  it("keeps the Prepare of another leader until the lease has ended, and promises nothing meanwhile", () => {
    const acceptor = granted()
    expect(acceptor.receive(c!, prepareMessage(3, c!), 150)).toBeUndefined()
    expect(acceptor.wait).toBe(150)
    expect(acceptor.state.promised).toBe(2)
    expect(acceptor.fire(299)).toBeUndefined()
    expect(acceptor.fire(300)).toMatchObject({ _tag: "Prepared", ballot: 3 })
  })

  it("grants nothing more while a Prepare waits, or it would wait for ever", () => {
    const acceptor = granted()
    acceptor.receive(c!, prepareMessage(3, c!), 150)
    expect(acceptor.receive(a!, acceptMessage(2, a!, 2), 160)).toMatchObject({
      _tag: "Accepted",
      grantedMs: 0
    })
    expect(acceptor.fire(300)).toMatchObject({ _tag: "Prepared" })
  })

  it("makes no exception for the candidate beside it", () => {
    const acceptor = granted()
    expect(acceptor.receive(b!, prepareMessage(3, b!), 299)).toBeUndefined()
    expect(acceptor.receive(b!, prepareMessage(3, b!), 300)).toMatchObject({ _tag: "Prepared" })
  })

  it("answers the next ballot of the same leader at once: nobody else reads under that lease", () => {
    expect(granted().receive(a!, prepareMessage(3, a!), 150)).toMatchObject({ _tag: "Prepared", ballot: 3 })
  })

  it("answers a Prepare again that it has promised", () => {
    const acceptor = granted()
    acceptor.receive(c!, acceptMessage(3, c!), 150)
    const restarted = new Driven(b!, 200, acceptor.noted, 160)
    restarted.state = { ...restarted.state, promised: Ballot(3) }
    expect(restarted.receive(c!, prepareMessage(3, c!), 170)).toMatchObject({ _tag: "Prepared" })
  })

  it("keeps only the Prepare of the highest ballot", () => {
    const acceptor = granted()
    acceptor.receive(b!, prepareMessage(4, b!), 150)
    acceptor.receive(c!, prepareMessage(3, c!), 160)
    expect(acceptor.fire(300)).toMatchObject({ _tag: "Prepared", ballot: 4 })
  })

  it("waits after a restart for as long as a lease may run that it has forgotten, whoever asks", () => {
    const acceptor = new Driven(b!, 50, 200, 1000)
    expect(acceptor.receive(a!, prepareMessage(3, a!), 1199)).toBeUndefined()
    expect(acceptor.fire(1200)).toMatchObject({ _tag: "Prepared" })
    const fresh = new Driven(b!, 200, 0, 1000)
    expect(fresh.receive(a!, prepareMessage(3, a!), 1000)).toMatchObject({ _tag: "Prepared" })
  })

  it("notes a shorter duration only when what was granted before is over", () => {
    const acceptor = new Driven(b!, 50, 200, 0)
    acceptor.receive(a!, acceptMessage(2, a!, 1), 100)
    expect(acceptor.state.grants.notedMs).toBe(200)
    acceptor.receive(a!, acceptMessage(2, a!, 2), 200)
    expect(acceptor.noted).toBe(50)
  })

  it("forgets a lease that its leader gives back, however late its messages come", () => {
    const acceptor = granted()
    acceptor.receive(c!, prepareMessage(3, c!), 150)
    const release = { _tag: "Release", ballot: Ballot(2) } as const
    expect(acceptor.receive(a!, release, 160)).toMatchObject({ _tag: "Prepared", ballot: 3 })
    const other = granted()
    other.receive(a!, release, 150)
    expect(other.receive(a!, acceptMessage(2, a!, 1), 160)).toMatchObject({ grantedMs: 0 })
    expect(other.receive(c!, prepareMessage(3, c!), 170)).toMatchObject({ _tag: "Prepared" })
  })

  it("never forgets the lease of a later leader, nor by the word of somebody else", () => {
    const acceptor = granted()
    acceptor.receive(c!, acceptMessage(3, c!, 1), 200)
    acceptor.receive(a!, { _tag: "Release", ballot: Ballot(2) }, 210)
    acceptor.receive(b!, { _tag: "Release", ballot: Ballot(3) }, 210)
    expect(acceptor.receive(b!, prepareMessage(4, b!), 399)).toBeUndefined()
  })

  it("drops who waits in vain when a higher ballot comes past it", () => {
    const acceptor = granted()
    acceptor.receive(b!, prepareMessage(3, b!), 150)
    expect(acceptor.receive(c!, acceptMessage(4, c!), 160)).toMatchObject({ grantedMs: 200 })
    expect(acceptor.state.grants.kept).toBeUndefined()
    expect(acceptor.receive(b!, prepareMessage(3, b!), 170)).toMatchObject({ _tag: "Nack" })
  })
})

describe("a leader", () => {
  const noted = (...moments: ReadonlyArray<readonly [round: number, atMs: number]>) =>
    moments.reduce<ReadonlyArray<Sending>>(
      (sendings, [round, atMs]) => noteSending(sendings, round, 160, atMs),
      []
    )

  it("counts its lease from before the round was sent, less what clocks may differ", () => {
    const sendings = noted([0, 100], [7, 120])
    expect(leaseFrom(sendings, 8, 200, 0.25)).toBe(120 + 150)
    expect(leaseFrom(sendings, 7, 200, 0.25)).toBe(100 + 150)
    expect(leaseFrom(sendings, 8, 0, 0.25)).toBe(0)
  })

  it("notes few moments, and forgets those that no longer give a lease", () => {
    expect(noted([0, 100], [1, 105], [2, 109])).toHaveLength(1)
    const long = noted(...Array.from({ length: 500 }, (_, at) => [at, at] as const))
    expect(long.length).toBeLessThanOrEqual(16)
    expect(leaseFrom(long, 3, 200, 0)).toBe(0)
    expect(noteSending([], 1, 0, 5)).toEqual([])
  })
})

describe("a lease", () => {
  it("ends for its leader before it ends for any acceptor, whoever's clock is fast within the bound", () => {
    const drift = 0.05
    for (const [fast, slow] of [
      [1 + drift / 2, 1 - drift / 2],
      [1 / (1 - drift), 1],
      [1, 1]
    ]) {
      // True time: sent at 10, received at 10 (no delay at all is the worst case).
      const sendings = noteSending([], 0, 200, 10 * slow!)
      const leaderEnds = leaseFrom(sendings, 1, 200, drift) / slow!
      const grants = withGrant(freshGrants(200, 0, 0), Ballot(2), a!, 200, 10 * fast!)
      expect(leaderEnds).toBeLessThanOrEqual(grants.untilMs / fast! + 1e-9)
    }
  })

  it("is not to be had of an acceptor that has none to give", () => {
    const grants = freshGrants(0, 0, 0)
    expect(grantedMs(grants, Ballot(2), 200)).toBe(0)
    expect(mustWait(grants, b!, 0)).toBe(false)
  })
})
