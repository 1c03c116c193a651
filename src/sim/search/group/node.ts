/** What one input does to a node: the real cores, their disk and own mailbox. */
import type { AcceptorState } from "../../../protocol/acceptor/acceptor.ts"
import {
  ClientId,
  type NodeId,
  noBallot,
  noSlot,
  type Replica,
  RequestNumber,
  SessionId,
  type Slot
} from "../../../protocol/ids.ts"
import { defaultLeaderSettings, type LeaderInput } from "../../../protocol/leader/input.ts"
import { commandOverheadBytes, keepAliveEntry, writeCommand } from "../../../protocol/log/entry.ts"
import type { Query } from "../../../protocol/messages.ts"
import type { Step } from "../../../protocol/step.ts"
import type { Cores } from "../cores.ts"
import { memoryLog } from "../memory-log.ts"
import { afterTime } from "./clock.ts"
import { Course, written } from "./course.ts"
import type { NodeInput, NodeModel, NodeStep } from "./node-model.ts"

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

/** Late enough for whatever an acceptor owes its leader. */
const dueMs = 2

const command = new Uint8Array(commandOverheadBytes)
writeCommand(command, 0, SessionId(1), RequestNumber(1), 0, new Uint8Array())

export const question: Query = {
  _tag: "Query",
  client: ClientId("c"),
  question: 1,
  queries: [new Uint8Array()]
}

export const modelSettings = { ...defaultLeaderSettings, windowMax: 8 }

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
  const { sent, requests, applied, lessons, told, answers } = course
  const isNewPromise = course.node.log.promised > before.log.promised
  const node = isNewPromise ? { ...course.node, starts: 0 } : course.node
  return { node, sent, requests, applied, lessons, told, answers }
}

const stepOnce = (cores: Cores, course: Course, input: NodeInput): void => {
  const { node } = course
  switch (input._tag) {
    case "ToAcceptor":
      return vote(course, cores.acceptorStep(node.acceptor, node.log, input.from, input.message, nowMs))
    case "ToLeader":
      return lead(cores, course, input.input)
    case "Restart":
      course.node = restarted(cores, node)
      return
    case "Propose":
      return propose(cores, course)
    case "Read":
      return read(cores, course, input.proposes)
    case "Sync":
      return sync(course)
    case "DebtDue":
      return vote(course, cores.debtDue(node.acceptor, dueMs))
    case "LeaseWaited":
      return vote(course, cores.leaseWaited(node.acceptor, node.log, nowMs))
    case "Teach":
      return teach(course, input.to, input.first)
    case "Learn":
      return vote(course, cores.learnStep(node.acceptor, node.log, input.learned))
    case "Passes":
      course.node = afterTime(node, input.ms)
      return
  }
}

/** The acceptor of the node has made a step. */
const vote = (course: Course, { state, outputs }: Step<AcceptorState>): void => {
  course.node = { ...course.node, acceptor: state }
  course.take(outputs)
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
    return { ...fresh, acceptor: { ...node.acceptor, configuration: undefined, grants, owing: undefined } }
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
  submit(cores, course)
  flush(cores, course)
}

const submit = (cores: Cores, course: Course): void => {
  const { leader } = course.node
  if (leader._tag !== "Serving") return
  if (leader.pending.length === 0) {
    const bytes = leader.settings.foretells ? command : keepAliveEntry(SessionId(1))
    lead(cores, course, { _tag: "Submit", client: ClientId("c"), submission: 1, bytes })
  }
}

const flush = (cores: Cores, course: Course): void => {
  const { leader, log, starts } = course.node
  if (leader._tag === "Serving") lead(cores, course, { _tag: "Flush", wallMs: log.promised * 10 + starts })
}

/** A question, with the next command or by itself: before the first entry of its ballot one can come, too. */
const read = (cores: Cores, course: Course, proposes: boolean): void => {
  const { leader } = course.node
  if (leader._tag !== "Serving") return
  if (!proposes && leader.pending.length > 0)
    return lead(cores, course, { _tag: "AskByRound", queries: [question] })
  if (proposes) submit(cores, course)
  lead(cores, course, question)
  flush(cores, course)
}

/** What it has counted from a slot on. */
const teach = ({ node: { self, leader, log }, lessons }: Course, to: NodeId, first: Slot): void => {
  if (to === self.node || leader._tag !== "Serving" || log.promised > leader.configuration.ballot) return
  const runs = leader.chosen < first ? [] : log.read(first, leader.chosen, Number.MAX_SAFE_INTEGER)
  lessons.push({ to, learned: { _tag: "Learned", active: leader.configuration, first, runs } })
}
