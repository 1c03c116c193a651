/** Watches one group of a cluster after every event and tells the laws what has changed. */
import type { GroupParts } from "../../actors/group/group.ts"
import { decodeMasterState } from "../../actors/master/state.ts"
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import { Slot } from "../../protocol/ids.ts"
import type { LeaderState, Serving } from "../../protocol/leader/state.ts"
import type { Kept } from "../../protocol/master/cas-paxos.ts"
import type { MasterState } from "../../protocol/master/master.ts"
import type { FromAcceptor } from "../../protocol/messages.ts"
import { sometimes } from "../assert.ts"
import {
  type Applied,
  type Facts,
  type Law,
  LawBroken,
  type LawWatch,
  type WatchedGroup
} from "../laws/laws.ts"
import type { DiskLog } from "./disk.ts"
import { EntryLog } from "./entries.ts"
import type { Acknowledgement, Ledger } from "./ledger.ts"
import { Reach } from "./reach.ts"

const knewFirst = sometimes("commands: a client knew what was chosen before any leader did")

/** What was last seen of a group on a node. */
class Seen implements WatchedGroup {
  readonly node: string
  readonly life: number
  readonly replica: string
  readonly parts: GroupParts
  readonly log: DiskLog
  acceptor: AcceptorState
  leader: LeaderState
  chosen = 0
  applied = 0

  constructor(node: string, life: number, parts: GroupParts, log: DiskLog) {
    this.node = node
    this.life = life
    this.replica = `${parts.self.node}/${parts.self.storage}`
    this.parts = parts
    this.log = log
    this.acceptor = parts.acceptor()
    this.leader = parts.leader()
  }

  get disk() {
    return this.log.group(this.parts.log.groupNumber)
  }

  get numberOnDisk() {
    return this.log.numbers.get(this.parts.group)
  }

  readonly catchUp = () => this.log.catchUp()
  readonly frames = () => this.log.frames
  readonly snapshots = () => this.log.snapshots(this.parts.group)
}

type Listener = keyof LawWatch

const lookEveryMicros = 50_000

/** Facts and laws of one group. */
export class Oracle implements Facts {
  readonly group: string
  readonly ledger: Ledger
  readonly chosen = new EntryLog()
  readonly replicas = new Map<string, Seen>()
  readonly running = new Map<string, Seen>()
  readonly commands: Array<number | undefined> = []
  master: MasterState | undefined
  readonly reach = new Reach(this)
  reaches: (one: string, other: string) => boolean = () => false
  minAcceptors = 1
  /** Leaders that served once, with what they were seen to count. */
  readonly #deposed: Array<{ readonly seen: Seen; readonly serving: Serving; readonly counted: number }> = []
  readonly #watches: ReadonlyArray<LawWatch>
  readonly #by = new Map<Listener, ReadonlyArray<LawWatch>>()
  #lookAgainAtMicros = 0

  /**
   * `onBroken` hears of a broken law before it is thrown: what throws within a process may be caught there.
   * `place` is what a message begins with where there are several groups.
   */
  constructor(
    group: string,
    ledger: Ledger,
    laws: ReadonlyArray<Law>,
    onBroken: (broken: LawBroken) => void,
    place = ""
  ) {
    this.group = group
    this.ledger = ledger
    this.#watches = laws.map(({ name, section, watch }) =>
      watch(this, (message) => {
        const broken = new LawBroken(name, section, `${place}${message}`)
        onBroken(broken)
        throw broken
      })
    )
  }

  /** The laws that listen to an event: most listen to few. */
  #to(listener: Listener): ReadonlyArray<LawWatch> {
    let found = this.#by.get(listener)
    if (found === undefined) {
      found = this.#watches.filter((watch) => watch[listener] !== undefined)
      this.#by.set(listener, found)
    }
    return found
  }

  /** The group has come up on a node; `log` is what the node's disk holds. */
  up(node: string, life: number, parts: GroupParts, log: DiskLog): void {
    const seen = new Seen(node, life, parts, log)
    this.replicas.set(seen.replica, seen)
    this.running.set(node, seen)
    const disk = seen.disk
    disk.onReplaced = (first) => {
      for (const watch of this.#to("onReplaced")) watch.onReplaced!(seen, first)
    }
    disk.onCut = (base, fromElsewhere) => {
      disk.entries.fill(this.chosen, Math.min(base.slot, this.chosen.last))
      for (const watch of this.#to("onCut")) watch.onCut!(seen, base, fromElsewhere)
    }
    disk.onForgotten = (what) => {
      for (const watch of this.#to("onForgotten")) watch.onForgotten!(seen, what)
    }
    disk.onShortened = () => {
      for (const watch of this.#to("onShortened")) watch.onShortened!(seen)
    }
    disk.onDurable = (first, last) => {
      for (const watch of this.#to("onDurable")) watch.onDurable!(seen, first, last)
    }
    seen.catchUp()
    for (const watch of this.#to("onUp")) watch.onUp!(seen)
  }

  /** The process of a node is gone; what it knew lives on its disk only. */
  down(node: string): void {
    // What it has voted for counts even if its disk is wiped next.
    this.running.get(node)?.catchUp()
    this.running.delete(node)
  }

  /** Looks at a node that has just done something. */
  look(node: string): void {
    const seen = this.running.get(node)
    if (seen === undefined) return
    const acceptor = seen.parts.acceptor()
    if (acceptor !== seen.acceptor) {
      const before = seen.acceptor
      seen.acceptor = acceptor
      if (acceptor.chosen > this.chosen.last) this.#countLate(acceptor.chosen)
      for (const watch of this.#to("onAcceptor")) watch.onAcceptor!(seen, before, acceptor)
    }
    const leader = seen.parts.leader()
    if (leader !== seen.leader) this.#lookAtLeader(seen, leader)
    const { applied } = seen.parts.replica
    if (applied > this.chosen.last) this.#countLate(applied)
    if (applied !== seen.applied) {
      seen.applied = applied
      for (const watch of this.#to("onAppliedThrough")) watch.onAppliedThrough!(seen)
    }
  }

  #lookAtLeader(seen: Seen, leader: LeaderState): void {
    const before = seen.leader
    seen.leader = leader
    if (leader._tag !== before._tag) {
      if (before._tag === "Serving") this.#deposed.push({ seen, serving: before, counted: seen.chosen })
      seen.chosen = 0
      for (const watch of this.#to("onLeader")) watch.onLeader!(seen, before, leader)
    }
    if (leader._tag !== "Serving") return
    for (const watch of this.#to("onServing")) watch.onServing!(seen)
    if (leader.chosen <= seen.chosen) return
    const from = seen.chosen + 1
    seen.chosen = leader.chosen
    seen.catchUp()
    for (const watch of this.#to("onChosen")) watch.onChosen!(seen, leader, from, leader.chosen)
    this.chosen.extend(seen.disk.entries, leader.chosen)
  }

  /**
   * Somebody knows more as chosen than any leader was seen to count: a leader may have counted it and been
   * deposed in one turn. Then its acceptors hold it all, which is checked as if it had been seen.
   */
  #countLate(through: number): void {
    for (const { seen, serving, counted } of this.#deposed.toReversed()) {
      seen.catchUp()
      if (seen.disk.entries.last < through || counted >= through || serving.last < through) continue
      const last = this.#lastOf(serving)
      for (const watch of this.#to("onChosen")) watch.onChosen!(seen, last, counted + 1, through)
      this.chosen.extend(seen.disk.entries, through)
      return
    }
  }

  /**
   * A client has counted the acknowledgements itself, before any leader did. Whatever becomes active later
   * has the entry, so it is on the disks of all acceptors of what is active now; else it is not chosen.
   */
  #countTold(through: number): void {
    const acceptors = this.activeAcceptors()
    for (const of of acceptors) of.catchUp()
    if (acceptors.length < (this.master?.active?.acceptors.length ?? 0)) return
    const from = this.chosen.last + 1
    // What a disk held before it went back in time was acknowledged all the same.
    const logs = acceptors.map(({ disk: { entries, before } }) => [entries, ...(before ? [before] : [])])
    const same = (one: EntryLog, other: EntryLog) => one.firstDifference(other, from, through) === undefined
    const entries = logs.flat().find((log) => logs.every((of) => of.some((other) => same(other, log))))
    if (entries === undefined) return
    knewFirst.check(true)
    this.chosen.extend(entries, through)
  }

  /**
   * In the turn in which it was deposed it may have heard of a retirement as well, and counted without it.
   */
  #lastOf(serving: Serving): Serving {
    const active = this.master?.active
    const { ballot, generation } = serving.configuration
    const isNewer = active?.ballot === ballot && active.generation > generation
    return isNewer ? { ...serving, configuration: active } : serving
  }

  /** The master's state on its disk has been replaced. */
  masterWrote(bytes: Uint8Array): void {
    const stored = JSON.parse(new TextDecoder().decode(bytes)) as { readonly state: unknown }
    const after = decodeMasterState(stored.state)
    if (after === undefined) throw new LawBroken("the master's state is readable", "2", "it is not")
    this.masterDecided(after)
  }

  /** The masters begin anew with a copy of what their register held; `isAgain`: as they did before. */
  broughtBack(isAgain: boolean): void {
    for (const watch of this.#to("onBroughtBack")) watch.onBroughtBack!(isAgain)
  }

  /** The masters' register has another value. */
  masterDecided(after: MasterState): void {
    const before = this.master
    this.master = after
    for (const watch of this.#to("onMaster")) watch.onMaster!(before, after)
    const [was, now] = [before?.active, after.active]
    if (now === undefined || (was?.ballot === now.ballot && was.generation === now.generation)) return
    for (const watch of this.#to("onActivated")) watch.onActivated!(now)
  }

  /** A keeper of the masters' register has written, and it is durable. */
  kept(replica: string, kept: Kept): void {
    for (const watch of this.#to("onKept")) watch.onKept!(replica, kept)
  }

  answered(node: string, message: FromAcceptor): void {
    const seen = this.running.get(node)
    if (seen !== undefined) for (const watch of this.#to("onAnswer")) watch.onAnswer!(seen, message)
  }

  applied(applied: Applied): void {
    for (const watch of this.#to("onApplied")) watch.onApplied!(applied)
    this.commands[applied.slot] ??= applied.command
  }

  submitted(client: string, session: number, number: number, command: number): void {
    for (const watch of this.#to("onSubmitted")) watch.onSubmitted!(client, session, number, command)
  }

  acknowledged(acknowledgement: Acknowledgement): void {
    if (acknowledgement.slot > this.chosen.last) this.#countTold(acknowledgement.slot)
    for (const watch of this.#to("onAcknowledged")) watch.onAcknowledged!(acknowledgement)
  }

  /** Virtual time has come so far. */
  passed(nowMicros: number): void {
    if (nowMicros < this.#lookAgainAtMicros) return
    this.#lookAgainAtMicros = nowMicros + lookEveryMicros
    this.reach.look(nowMicros / 1000)
    for (const watch of this.#to("onTime")) watch.onTime!(nowMicros / 1000)
  }

  end(): void {
    for (const seen of this.replicas.values()) seen.catchUp()
    for (const watch of this.#to("atEnd")) watch.atEnd!()
  }

  /** The acceptors of the active configuration that run now. */
  activeAcceptors(): ReadonlyArray<Seen> {
    const acceptors = this.master?.active?.acceptors ?? []
    return acceptors.flatMap(({ node, storage }) => this.replicas.get(`${node}/${storage}`) ?? [])
  }

  /** Slots through here are chosen. */
  get chosenThrough(): Slot {
    return Slot(this.chosen.last)
  }
}
