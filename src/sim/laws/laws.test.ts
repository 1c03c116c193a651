/** Each law is seen firing on facts that break it, and silent on facts that do not. */
import { describe, expect, it } from "vitest"
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import type { Configuration } from "../../protocol/configuration.ts"
import { Ballot, Slot } from "../../protocol/ids.ts"
import { emptyMaster, type MasterState } from "../../protocol/master/master.ts"
import { agreement } from "./agreement.ts"
import { appliedIsChosen } from "./applied-is-chosen.ts"
import { chosenIsDurable } from "./chosen-is-durable.ts"
import { enoughAcceptors } from "./enough-acceptors.ts"
import {
  configuration,
  FakeFacts,
  filled,
  idle,
  node,
  replica,
  serving,
  verdict
} from "./laws.test-support.ts"
import type { LawWatch, WatchedGroup } from "./laws.ts"
import { logTime } from "./log-time.ts"
import { once } from "./once.ts"
import { oneActive } from "./one-active.ts"
import { oneLease } from "./one-lease.ts"
import { promises } from "./promises.ts"
import { restartRemembers } from "./restart-remembers.ts"
import { survival } from "./survival.ts"

describe("enough acceptors", () => {
  const activate = (...names: ReadonlyArray<string>) => {
    const facts = new FakeFacts()
    facts.minAcceptors = 2
    return verdict(enoughAcceptors, facts, (watch) => watch.onActivated!(configuration(2, ...names)))
  }
  it("is broken by a configuration with fewer than the group may have", () => {
    expect(activate("a", "b")).toBeUndefined()
    expect(activate("a")).toContain("the group is to have 2 at least")
  })
})

describe("agreement", () => {
  const leader = node("b", { disk: [[1, 11]] })
  const counts = (hash: number) => {
    const facts = new FakeFacts(leader)
    filled(facts.chosen, [1, hash])
    return verdict(agreement, facts, (watch) =>
      watch.onChosen!(leader, serving(configuration(2, "b"), 1), 1, 1)
    )
  }
  it("is broken by a second value at a slot", () => {
    expect(counts(11)).toBeUndefined()
    expect(counts(99)).toContain("slot 1 was chosen as")
  })
})

describe("chosen is durable everywhere", () => {
  const leader = node("a", { disk: [[1, 11]] })
  const counts = (other: WatchedGroup) =>
    verdict(chosenIsDurable, new FakeFacts(leader, other), (watch) =>
      watch.onChosen!(leader, serving(configuration(1, "a", "b"), 1), 1, 1)
    )
  it("is broken by one acceptor whose disk lacks the entry, or holds another", () => {
    expect(counts(node("b", { disk: [[1, 11]] }))).toBeUndefined()
    expect(counts(node("b"))).toContain("the disk of b holds nothing")
    expect(counts(node("b", { disk: [[1, 12]] }))).toContain("slot 1")
  })
})

describe("chosen values survive", () => {
  const acceptor = node("a", { disk: [[1, 11]] })
  const forgetful = node("b")
  const facts = () => {
    const made = new FakeFacts(acceptor, forgetful)
    filled(made.chosen, [1, 11])
    return made
  }
  it("is broken when a configuration becomes active of which one disk lacks a chosen entry", () => {
    const activate = (...names: ReadonlyArray<string>) =>
      verdict(survival, facts(), (watch) => watch.onActivated!(configuration(2, ...names)))
    expect(activate("a")).toBeUndefined()
    expect(activate("a", "b")).toContain("b is an acceptor of ballot 2")
  })
  it("is broken by a leader that serves from below what is chosen, or without it", () => {
    const lead = (of: WatchedGroup, chosen: number) =>
      verdict(survival, facts(), (watch) => {
        watch.onActivated!(configuration(2, acceptor.node))
        watch.onLeader!(of, idle, serving(configuration(2, of.node), chosen))
      })
    expect(lead(acceptor, 1)).toBeUndefined()
    expect(lead(acceptor, 0)).toContain("1 slots are chosen")
    expect(lead(forgetful, 1)).toContain("holds nothing at slot 1")
  })
  it("is broken by an active acceptor that drops what is chosen", () => {
    const drop = (ballot: Configuration) =>
      verdict(survival, facts(), (watch) => {
        watch.onActivated!(ballot)
        watch.onReplaced!(acceptor, 1)
      })
    expect(drop(configuration(2, "a"))).toContain("drops slot 1")
  })
})

describe("promises never fall", () => {
  const state = (promised: number) => ({ promised: Ballot(promised) }) as AcceptorState
  const accepted = { _tag: "Accepted", ballot: Ballot(2), lastSlot: Slot(1), round: 1, grantedMs: 0 } as const
  const sends = (of: WatchedGroup) =>
    verdict(promises, new FakeFacts(of), (watch) => watch.onAnswer!(of, accepted))
  it("is broken by an acceptor that takes a promise back, in memory or over a restart", () => {
    const of = node("a", { promised: 3, promisedOnDisk: 4 })
    expect(verdict(promises, new FakeFacts(of), (watch) => watch.onUp!(of))).toContain("came up with")
    const change = (watch: LawWatch) => watch.onAcceptor!(of, state(3), state(2))
    expect(verdict(promises, new FakeFacts(of), change)).toContain("and now 2")
  })
  it("is broken by an answer that leaves before its promise, or its entries, are durable", () => {
    expect(sends(node("a", { promised: 2, disk: [[1, 11]] }))).toBeUndefined()
    expect(sends(node("a", { promised: 2, promisedOnDisk: 1 }))).toContain("holds promise 1")
    expect(sends(node("a", { promised: 2 }))).toContain("acknowledges slot 1")
  })
  it("is broken by an entry of a ballot that nobody promised", () => {
    const writes = (of: WatchedGroup) =>
      verdict(promises, new FakeFacts(of), (watch) => watch.onDurable!(of, 1, 1))
    expect(writes(node("a", { promised: 2, disk: [[2, 11]] }))).toBeUndefined()
    expect(writes(node("a", { promised: 1, disk: [[2, 11]] }))).toContain("an entry of ballot 2")
  })
})

describe("one active configuration", () => {
  const at = (nextBallot: number, active: Configuration): MasterState => ({
    ...emptyMaster(),
    nextBallot: Ballot(nextBallot),
    active
  })
  const become = (before: MasterState, after: MasterState) =>
    verdict(oneActive, new FakeFacts(), (watch) => watch.onMaster!(before, after))
  it("is broken by a master that goes back", () => {
    const first = configuration(1, "a")
    expect(become(at(2, first), at(3, first))).toBeUndefined()
    expect(become(at(3, first), at(2, first))).toContain("the next ballot fell")
    expect(become(at(4, configuration(3, "a")), at(4, configuration(2, "b")))).toContain(
      "became active after"
    )
  })
  it("is broken by masters that make of a copy what was handed out before", () => {
    const first = configuration(1, "a", "b")
    const before = at(3, { ...first, generation: 2 })
    const beginWith = (after: MasterState, isAgain = false) =>
      verdict(oneActive, new FakeFacts(), (watch) => {
        watch.onBroughtBack!(isAgain)
        watch.onMaster!(before, after)
      })
    const later = { ...first, generation: 3 }
    expect(beginWith(at(3, later))).toBeUndefined()
    expect(beginWith(at(2, later))).toContain("the next ballot fell")
    expect(beginWith(at(3, { ...first, generation: 1 }))).toContain("became active after")
    expect(beginWith(before)).toContain("became active after")
    expect(beginWith(at(3, configuration(2, "a")))).toContain("became active after")
    expect(beginWith(at(2, { ...first, generation: 2 }), true)).toBeUndefined()
  })
  it("is broken by two leaders of one ballot, and by one whose ballot is not active", () => {
    const facts = new FakeFacts()
    facts.master = at(3, configuration(2, "a"))
    const lead = (...names: ReadonlyArray<string>) =>
      verdict(oneActive, facts, (watch) => {
        for (const name of names)
          watch.onLeader!(node(name), idle, serving({ ...configuration(2, "a"), leader: replica(name) }, 0))
      })
    expect(lead("a")).toBeUndefined()
    expect(lead("a", "b")).toContain("both lead ballot 2")
    facts.master = at(3, configuration(1, "a"))
    expect(lead("a")).toContain("the master has activated only 1")
  })
})

describe("one lease", () => {
  const leading = (ballot: number, leaseUntilMs: number, nowMs: number): WatchedGroup => {
    const of = node("a")
    const progress = new Map(["a", "b"].map((name) => [name, { leaseUntilMs }]))
    const leader = { ...serving(configuration(ballot, "a", "b"), 0), progress }
    return { ...of, parts: { ...of.parts, leader: () => leader, nowMs: () => nowMs } as never }
  }
  it("is broken by a leader that may still read when a higher ballot becomes active", () => {
    const activate = (of: WatchedGroup) =>
      verdict(oneLease, new FakeFacts(of), (watch) => watch.onActivated!(configuration(3, "b")))
    expect(activate(leading(2, 200, 200))).toBeUndefined()
    expect(activate(leading(3, 200, 199))).toBeUndefined()
    expect(activate(leading(2, 200, 199))).toContain("a may read in ballot 2 for 1 ms more")
  })
  it("is broken by a leader that gets a lease when a higher ballot is active already", () => {
    const of = leading(2, 200, 150)
    const facts = new FakeFacts(of)
    facts.master = { ...emptyMaster(), active: configuration(3, "b") }
    expect(verdict(oneLease, facts, (watch) => watch.onServing!(of))).toContain("ballot 3 is active")
  })
})

describe("applied is chosen", () => {
  it("is broken by a replica that applies ahead of what is chosen", () => {
    const facts = new FakeFacts()
    filled(facts.chosen, [1, 11])
    const apply = (applied: number) =>
      verdict(appliedIsChosen, facts, (watch) => watch.onAppliedThrough!(node("a", { applied })))
    expect(apply(1)).toBeUndefined()
    expect(apply(2)).toContain("only 1 slots are chosen")
  })
})

describe("log time never goes back", () => {
  const applied = (slot: number, atMs: number, life = 1) => {
    const hashes = { command: 5, fingerprint: 0, state: undefined }
    return { node: "a", life, slot, atMs, ...hashes }
  }
  const seen = (...all: ReadonlyArray<ReturnType<typeof applied>>) =>
    verdict(logTime, new FakeFacts(), (watch) => {
      for (const one of all) watch.onApplied!(one)
    })
  it("is broken by a later slot with an earlier time, in one life of a replica", () => {
    expect(seen(applied(1, 10), applied(2, 10), applied(3, 11))).toBeUndefined()
    expect(seen(applied(1, 10), applied(2, 9))).toContain("the log says 10 ms at slot 1 and 9 ms at slot 2")
    // Applied again from the beginning.
    expect(seen(applied(1, 10), applied(2, 11), applied(1, 10, 2))).toBeUndefined()
  })
})

describe("acknowledged, and once", () => {
  const applied = (slot: number) => ({
    node: "a",
    life: 1,
    slot,
    atMs: 0,
    command: 5,
    fingerprint: 0,
    state: undefined
  })
  it("is broken by a command that takes effect at two slots", () => {
    const facts = new FakeFacts()
    facts.ledger.unique.set(5, "main")
    const apply = (...slots: ReadonlyArray<number>) =>
      verdict(once, facts, (watch) => {
        for (const slot of slots) watch.onApplied!(applied(slot))
      })
    expect(apply(1, 1)).toBeUndefined()
    expect(apply(1, 2)).toContain("slots 1 and 2")
  })
  it("is broken by a command that takes effect in another group than the one it was for", () => {
    const facts = new FakeFacts()
    facts.ledger.unique.set(5, "other")
    const said = verdict(once, facts, (watch) => watch.onApplied!(applied(1)))
    expect(said).toContain("for the group other took effect here")
  })
  it("is broken by an acknowledgement of what is not chosen, or not at its slot", () => {
    const facts = new FakeFacts()
    filled(facts.chosen, [1, 11])
    facts.commands[1] = 5
    const tell = (slot: number, command: number) =>
      verdict(once, facts, (watch) => watch.onAcknowledged!({ group: "main", slot, command }))
    expect(tell(1, 5)).toBeUndefined()
    expect(tell(2, 5)).toContain("only 1 slots")
    expect(tell(1, 6)).toContain("another one is")
  })
  it("is broken by another command at a slot that a client was told of before it was applied", () => {
    const facts = new FakeFacts()
    filled(facts.chosen, [1, 11])
    const tellThenApply = (told: number, isApplied: number) =>
      verdict(once, facts, (watch) => {
        watch.onAcknowledged!({ group: "main", slot: 1, command: told })
        watch.onApplied!({ ...applied(1), command: isApplied })
      })
    expect(tellThenApply(5, 5)).toBeUndefined()
    expect(tellThenApply(5, 6)).toContain("applied another one there")
  })
})

describe("a restart remembers", () => {
  it("is broken by a node that comes up with less than its disk holds", () => {
    const up = (of: WatchedGroup) => verdict(restartRemembers, new FakeFacts(of), (watch) => watch.onUp!(of))
    expect(up(node("a", { disk: [[1, 11]] }))).toBeUndefined()
    expect(up(node("a", { disk: [[1, 11]], memoryLast: 0 }))).toContain("came up with 0 entries")
  })
  it("is broken by a node that has another number for its group, or forgets what leases it granted", () => {
    const up = (of: WatchedGroup) => verdict(restartRemembers, new FakeFacts(of), (watch) => watch.onUp!(of))
    expect(up(node("a", { numberOnDisk: 2 }))).toContain("number 1 for the group; its disk has 2")
    expect(up(node("a", { leaseNotedMs: 5 }))).toContain("leases of 5 ms; its disk of 0 ms")
  })
})
