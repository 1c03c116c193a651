/**
 * One node as an immutable value, and what one input does to it: the real cores, their disk and own mailbox.
 */
import type { AcceptorState } from "../../../protocol/acceptor.ts"
import { keepAliveEntry } from "../../../protocol/entry.ts"
import {
  ClientId,
  type NodeId,
  noBallot,
  noSlot,
  type Replica,
  SessionId,
  type Slot
} from "../../../protocol/ids.ts"
import { defaultLeaderSettings, type LeaderInput } from "../../../protocol/leader-input.ts"
import type { LeaderState } from "../../../protocol/leader-state.ts"
import {
  type FromAcceptor,
  isToAcceptor,
  type MasterRequest,
  type ToAcceptor
} from "../../../protocol/messages.ts"
import type { Learned } from "../../../protocol/outsider.ts"
import type { Free, Output, Persist } from "../../../protocol/step.ts"
import type { Cores } from "../cores.ts"
import { type MemoryLog, memoryLog, valueAt, withPromise, withRun } from "../memory-log.ts"
import { afterTime } from "./clock.ts"

/** What survives a crash of a node with a late disk. */
export interface Disk {
  readonly log: MemoryLog
  readonly chosen: Slot
}

export interface NodeModel {
  readonly self: Replica
  readonly acceptor: AcceptorState
  readonly log: MemoryLog
  readonly leader: LeaderState
  /** Starts of a leader since the last promise: tells the proposals of one from those of the next. */
  readonly starts: number
  /** Where disks are late: what is durable, and what was written since, in order, with what each gates. */
  readonly disk: Disk | undefined
  readonly unsynced: ReadonlyArray<Persist>
  /** How long a lease its disk says that it may have granted: where disks are immediate. */
  readonly notedMs: number
}

export type NodeInput =
  | { readonly _tag: "ToAcceptor"; readonly from: Replica; readonly message: ToAcceptor }
  | { readonly _tag: "ToLeader"; readonly input: LeaderInput }
  /** Its memory is gone: it leads nothing any more, and has only what its disk holds. */
  | { readonly _tag: "Restart" }
  | { readonly _tag: "Propose" }
  /** The oldest write becomes durable. */
  | { readonly _tag: "Sync" }
  /** It sends what it has counted as chosen to another node. */
  | { readonly _tag: "Teach"; readonly to: NodeId; readonly first: Slot }
  | { readonly _tag: "Learn"; readonly learned: Learned }
  /** The timer of an acceptor that waits for the end of a lease. */
  | { readonly _tag: "LeaseWaited" }
  /** Its clock goes on by so much. */
  | { readonly _tag: "Passes"; readonly ms: number }

export interface Sent {
  readonly to: string
  readonly message: ToAcceptor | FromAcceptor
}

export interface Applied {
  readonly slot: Slot
  readonly value: string
  /** Told to clients. */
  readonly answered: boolean
}

export interface NodeStep {
  readonly node: NodeModel
  readonly sent: ReadonlyArray<Sent>
  readonly requests: ReadonlyArray<MasterRequest>
  readonly applied: ReadonlyArray<Applied>
  readonly lessons: ReadonlyArray<Lesson>
}

interface Lesson {
  readonly to: NodeId
  readonly learned: Learned
}

/** Every clock shows this, always: where time passes, what it is compared with comes closer (clock.ts). */
export const nowMs = 0

/** `leaseMs`: the longest lease that its acceptor grants; 0: none. */
export const freshNode = (cores: Cores, self: Replica, lateDisk: boolean, leaseMs: number): NodeModel => {
  const grants = cores.freshGrants(leaseMs, 0, nowMs)
  const log = memoryLog(noBallot, [], [])
  return {
    self,
    acceptor: { self, promised: noBallot, chosen: noSlot, configuration: undefined, grants },
    log,
    leader: cores.idleLeader(self),
    starts: 0,
    disk: lateDisk ? { log, chosen: noSlot } : undefined,
    unsynced: [],
    notedMs: 0
  }
}

export const modelSettings = { ...defaultLeaderSettings, windowMax: 8 }

/** A step under way: the node so far, what it has yet to take in, and what has left it. */
class Course {
  node: NodeModel
  readonly inputs: Array<NodeInput>
  readonly sent: Array<Sent> = []
  readonly requests: Array<MasterRequest> = []
  readonly applied: Array<Applied> = []
  readonly lessons: Array<Lesson> = []

  constructor(node: NodeModel, input: NodeInput) {
    this.node = node
    this.inputs = [input]
  }

  take(outputs: ReadonlyArray<Output>): void {
    for (const output of outputs) {
      if (output._tag !== "Persist") this.perform(output)
      else {
        const { log, notedMs } = this.node
        this.node = { ...this.node, log: written(log, output), notedMs: noted(notedMs, output) }
        if (this.node.disk === undefined) for (const free of output.release) this.perform(free)
        else this.node = { ...this.node, unsynced: [...this.node.unsynced, output] }
      }
    }
  }

  perform(output: Free): void {
    const { self, log } = this.node
    if (output._tag === "Send") {
      for (const to of output.to) {
        if (to === self.node) this.inputs.push(toSelf(self, output.message))
        else this.sent.push({ to, message: output.message })
      }
    } else if (output._tag === "AskMaster") this.requests.push(output.request)
    else if (output._tag === "Apply") this.applied.push(...appliedThrough(log, output.through, output.answer))
  }
}

const written = (log: MemoryLog, { records }: Persist): MemoryLog => {
  let after = log
  for (const record of records) {
    if (record._tag === "Appended") after = withRun(after, record.run)
    if (record._tag === "Promised") after = withPromise(after, record.ballot)
  }
  return after
}

const noted = (before: number, { records }: Persist): number =>
  records.reduce((ms, record) => (record._tag === "LeaseNoted" ? record.durationMs : ms), before)

/** Far more than a node has to say to itself. */
const inputsMax = 1000

/** A node that sends itself one message after the other. */
class NeverRests extends Error {
  override readonly name = "NeverRests"
  constructor() {
    super("a node goes on sending messages to itself")
  }
}

/** Follows one input to its end: what the node sends to itself is delivered in order at once. */
export const stepNode = (cores: Cores, before: NodeModel, input: NodeInput): NodeStep => {
  const course = new Course(before, input)
  let inputs = 0
  for (let next = course.inputs.shift(); next !== undefined; next = course.inputs.shift()) {
    if (++inputs > inputsMax) throw new NeverRests()
    stepOnce(cores, course, next)
  }
  const { sent, requests, applied, lessons } = course
  const isNewPromise = course.node.log.promised > before.log.promised
  const node = isNewPromise ? { ...course.node, starts: 0 } : course.node
  return { node, sent, requests, applied, lessons }
}

const toSelf = (self: Replica, message: ToAcceptor | FromAcceptor): NodeInput =>
  isToAcceptor(message)
    ? { _tag: "ToAcceptor", from: self, message }
    : { _tag: "ToLeader", input: { _tag: "FromAcceptor", from: self, message } }

const stepOnce = (cores: Cores, course: Course, input: NodeInput): void => {
  const { node } = course
  switch (input._tag) {
    case "ToAcceptor": {
      const { state, outputs } = cores.acceptorStep(node.acceptor, node.log, input.from, input.message, nowMs)
      course.node = { ...node, acceptor: state }
      return course.take(outputs)
    }
    case "ToLeader":
      return lead(cores, course, input.input)
    case "Restart":
      course.node = restarted(cores, node)
      return
    case "Propose":
      return propose(cores, course)
    case "Sync":
      return sync(course)
    case "LeaseWaited": {
      const { state, outputs } = cores.leaseWaited(node.acceptor, node.log, nowMs)
      course.node = { ...node, acceptor: state }
      return course.take(outputs)
    }
    case "Teach":
      return teach(course, input.to, input.first)
    case "Learn": {
      const { state, outputs } = cores.learnStep(node.acceptor, node.log, input.learned)
      course.node = { ...node, acceptor: state }
      return course.take(outputs)
    }
    case "Passes":
      course.node = afterTime(node, input.ms)
      return
  }
}

const lead = (cores: Cores, course: Course, input: LeaderInput): void => {
  const { leader, log, starts } = course.node
  const { state, outputs } = cores.leaderStep(leader, log, input, nowMs)
  course.node = { ...course.node, leader: state, starts: input._tag === "Start" ? starts + 1 : starts }
  course.take(outputs)
}

const restarted = (cores: Cores, node: NodeModel): NodeModel => {
  const { disk, self, notedMs } = node
  const fresh = { ...node, leader: cores.idleLeader(self) }
  const grants = cores.freshGrants(node.acceptor.grants.durationMs, notedMs, nowMs)
  if (disk === undefined)
    return { ...fresh, acceptor: { ...node.acceptor, configuration: undefined, grants } }
  const { log, chosen } = disk
  const acceptor = { self, promised: log.promised, chosen, configuration: undefined, grants }
  return { ...fresh, acceptor, log, unsynced: [] }
}

const sync = (course: Course): void => {
  const { disk, unsynced } = course.node
  const [oldest, ...rest] = unsynced
  if (disk === undefined || oldest === undefined) return
  let { chosen } = disk
  for (const record of oldest.records) if (record._tag === "Chosen") chosen = record.slot
  course.node = { ...course.node, unsynced: rest, disk: { log: written(disk.log, oldest), chosen } }
  for (const free of oldest.release) course.perform(free)
}

/**
 * One more entry: the one that every ballot starts with, then the clients'. The clock tells every proposal
 * from every other.
 */
const propose = (cores: Cores, course: Course): void => {
  const { leader, log, starts } = course.node
  if (leader._tag !== "Serving") return
  if (leader.pending.length === 0) {
    const bytes = keepAliveEntry(SessionId(1))
    lead(cores, course, { _tag: "Submit", client: ClientId("c"), submission: 1, bytes })
  }
  lead(cores, course, { _tag: "Flush", wallMs: log.promised * 10 + starts })
}

/** What it has counted from a slot on. */
const teach = ({ node: { self, leader, log }, lessons }: Course, to: NodeId, first: Slot): void => {
  if (to === self.node || leader._tag !== "Serving" || log.promised > leader.configuration.ballot) return
  const runs = leader.chosen < first ? [] : log.read(first, leader.chosen, Number.MAX_SAFE_INTEGER)
  lessons.push({ to, learned: { _tag: "Learned", active: leader.configuration, first, runs } })
}

const appliedThrough = (log: MemoryLog, through: Slot, answered: boolean): ReadonlyArray<Applied> => {
  const applied: Array<Applied> = []
  for (let slot = 1; slot <= through; slot++) {
    applied.push({ slot: slot as Slot, value: valueAt(log, slot as Slot) ?? "nothing", answered })
  }
  return applied
}
