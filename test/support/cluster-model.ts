/** A cluster of protocol cores without actors: every message, sync, timer and crash is one explicit call. */
import type { AcceptorState } from "../../src/protocol/acceptor.ts"
import type { Configuration } from "../../src/protocol/configuration.ts"
import {
  NodeId,
  noBallot,
  noSlot,
  type Replica,
  Slot,
  StorageId,
  slotMin,
  slotPlus
} from "../../src/protocol/ids.ts"
import type { LeaderInput, LeaderSettings } from "../../src/protocol/leader-input.ts"
import type { LeaderState } from "../../src/protocol/leader-state.ts"
import { emptyMaster, type MasterState } from "../../src/protocol/master.ts"
import type { FromAcceptor, MasterReply, MasterRequest, ToAcceptor } from "../../src/protocol/messages.ts"
import type { Learned } from "../../src/protocol/outsider.ts"
import type { DurableRecord, Free, Output, Persist, TimerName } from "../../src/protocol/step.ts"
import { type Cores, realCores } from "../../src/sim/search/cores.ts"
import { type MemoryLog, memoryLog, valueAt, withPromise, withRun } from "../../src/sim/search/memory-log.ts"

export type PeerMessage = ToAcceptor | FromAcceptor | Learned

/** What a node keeps through a crash. */
export interface Disk {
  readonly log: MemoryLog
  readonly chosen: Slot
}

export interface ModelNode {
  readonly self: Replica
  acceptor: AcceptorState
  leader: LeaderState
  log: MemoryLog
  disk: Disk
  /** Written and not synced, in order; what each gates is held back. */
  unsynced: Array<Persist>
  /** What the node sent to itself: arrives in order, and is lost only in a crash. */
  mailbox: Array<PeerMessage>
  readonly timers: Set<TimerName>
  applied: Slot
  stateHash: number
  changedFrom: Slot
}

export interface Letter {
  readonly from: Replica
  readonly to: NodeId
  readonly message: PeerMessage
}

/** Told of everything that happens, for transcripts. */
export interface Watcher {
  readonly sent: (from: NodeId, to: NodeId, message: PeerMessage) => void
  readonly asked: (from: NodeId, request: MasterRequest) => void
  readonly done: (node: NodeId, output: Free) => void
  readonly written: (node: NodeId, record: DurableRecord) => void
  readonly told: (to: NodeId, reply: MasterReply) => void
}

const emptyDisk: Disk = { log: memoryLog(noBallot, [], []), chosen: noSlot }

const hashed = (hash: number, text: string): number => {
  let next = hash
  for (let at = 0; at < text.length; at++) next = Math.imul(next ^ text.charCodeAt(at), 0x0100_0193)
  return next >>> 0
}

export class ClusterModel {
  readonly nodes = new Map<NodeId, ModelNode>()
  readonly activated: Array<Configuration> = []
  network: Array<Letter> = []
  requests: Array<{ readonly from: NodeId; readonly request: MasterRequest }> = []
  replies: Array<{ readonly to: NodeId; readonly reply: MasterReply }> = []
  master: MasterState
  /** Answers to clients, refusals included. */
  readonly answers: Array<Free> = []
  readonly #cores: Cores
  readonly #settings: LeaderSettings
  readonly #watcher: Watcher | undefined
  #tokens = 0

  constructor(names: string, settings: LeaderSettings, cores: Cores = realCores, watcher?: Watcher) {
    this.#cores = cores
    this.#settings = settings
    this.#watcher = watcher
    this.master = emptyMaster()
    for (const name of names) {
      const self = { node: NodeId(name), storage: StorageId(`${name}1`) }
      const acceptor = { self, promised: noBallot, chosen: noSlot, configuration: undefined }
      const volatile = { unsynced: [], mailbox: [], applied: noSlot, stateHash: 0, changedFrom: Slot(1) }
      const leader = cores.idleLeader(self)
      const { log } = emptyDisk
      this.nodes.set(self.node, {
        self,
        acceptor,
        leader,
        log,
        disk: emptyDisk,
        ...volatile,
        timers: new Set()
      })
    }
  }

  node(name: string): ModelNode {
    const node = this.nodes.get(NodeId(name))
    if (node === undefined) throw new Error(`there is no node ${name}`)
    return node
  }

  replicas(names: string): ReadonlyArray<Replica> {
    return [...names].map((name) => this.node(name).self)
  }

  bootstrap(leader: string, acceptors: string): void {
    this.askMaster(this.node(leader).self.node, {
      _tag: "Bootstrap",
      requestId: "bootstrap",
      leader: this.node(leader).self,
      acceptors: this.replicas(acceptors),
      minAcceptors: 1
    })
  }

  /** The master's answer is on its way when this returns. */
  askMaster(from: NodeId, request: MasterRequest): void {
    const step = this.#cores.masterStep(this.master, request)
    if (step.state.active !== undefined && step.state.active !== this.master.active)
      this.activated.push(step.state.active)
    this.master = step.state
    this.replies.push({ to: from, reply: step.reply })
    this.#watcher?.told(from, step.reply)
  }

  start(name: string, acceptors: string): void {
    const token = `${name}${++this.#tokens}`
    this.lead(name, {
      _tag: "Start",
      token,
      acceptors: this.replicas(acceptors),
      settings: this.#settings
    })
  }

  /** A node that leads, or is on its way to, asks for a ballot of other acceptors. */
  reconfigure(name: string, acceptors: string): void {
    const token = `${name}${++this.#tokens}`
    this.lead(name, { _tag: "Reconfigure", token, acceptors: this.replicas(acceptors) })
  }

  lead(name: string, input: LeaderInput): void {
    const node = this.node(name)
    const step = this.#cores.leaderStep(node.leader, node.log, input)
    node.leader = step.state
    this.#take(node, step.outputs)
  }

  fire(name: string, timer: TimerName): void {
    this.node(name).timers.delete(timer)
    this.lead(name, { _tag: "TimerFired", timer })
  }

  /** Hands a message to a node; whether it leaves the network is the caller's business. */
  receive(name: string, from: Replica, message: PeerMessage): void {
    if (message._tag !== "Prepare" && message._tag !== "Accept" && message._tag !== "Learned") {
      this.lead(name, { _tag: "FromAcceptor", from, message })
      return
    }
    const node = this.node(name)
    const step =
      message._tag === "Learned"
        ? this.#cores.learnStep(node.acceptor, node.log, message)
        : this.#cores.acceptorStep(node.acceptor, node.log, from, message)
    node.acceptor = step.state
    this.#take(node, step.outputs)
  }

  /** A node sends another what it knows to be chosen, behind what that one knows, or has. */
  teach(from: string, to: string, isBehindAll: boolean): void {
    const source = this.node(from)
    const { leader, acceptor, log } = source
    const isServing = leader._tag === "Serving"
    const chosen = slotMin(isServing ? leader.chosen : acceptor.chosen, log.last)
    const active = isServing ? leader.configuration : this.activated[this.activated.length - 1]
    if (active === undefined) return
    const taught = this.node(to)
    const first = slotPlus(isBehindAll ? taught.log.last : taught.acceptor.chosen, 1)
    const runs = first > chosen ? [] : log.read(first, chosen, this.#settings.chunkMaxBytes)
    const message: Learned = { _tag: "Learned", active, first, runs }
    this.network.push({ from: source.self, to: NodeId(to), message })
    this.#watcher?.sent(source.self.node, NodeId(to), message)
  }

  /** The node takes the next message that it sent to itself. */
  receiveOwn(name: string): void {
    const node = this.node(name)
    const message = node.mailbox.shift()
    if (message !== undefined) this.receive(name, node.self, message)
  }

  /** The oldest write becomes durable, and what it gated leaves. */
  sync(name: string): void {
    const node = this.node(name)
    const written = node.unsynced.shift()
    if (written === undefined) return
    for (const record of written.records) {
      const { log, chosen } = node.disk
      if (record._tag === "Appended") node.disk = { log: withRun(log, record.run), chosen }
      if (record._tag === "Promised") node.disk = { log: withPromise(log, record.ballot), chosen }
      if (record._tag === "Chosen") node.disk = { log, chosen: record.slot }
      if (record._tag === "Appended") this.#changed(node, record.run.first)
    }
    for (const free of written.release) this.#perform(node, free)
  }

  /** The node stops and comes back with what its disk kept. */
  crash(name: string): void {
    const node = this.node(name)
    const { log, chosen } = node.disk
    node.log = log
    node.acceptor = { self: node.self, promised: log.promised, chosen, configuration: undefined }
    node.leader = this.#cores.idleLeader(node.self)
    node.unsynced = []
    node.mailbox = []
    node.timers.clear()
    node.applied = noSlot
    node.stateHash = 0
    node.changedFrom = Slot(1)
    this.#apply(node, chosen)
  }

  #take(node: ModelNode, outputs: ReadonlyArray<Output>): void {
    for (const output of outputs) {
      if (output._tag !== "Persist") {
        this.#perform(node, output)
        continue
      }
      for (const record of output.records) {
        this.#watcher?.written(node.self.node, record)
        if (record._tag === "Appended") node.log = withRun(node.log, record.run)
        if (record._tag === "Promised") node.log = withPromise(node.log, record.ballot)
        if (record._tag === "Appended") this.#changed(node, record.run.first)
      }
      node.unsynced.push(output)
    }
  }

  #changed(node: ModelNode, from: Slot): void {
    if (from < node.changedFrom) node.changedFrom = from
  }

  #perform(node: ModelNode, output: Free): void {
    const self = node.self.node
    switch (output._tag) {
      case "Send":
        for (const to of output.to) {
          if (to === self) node.mailbox.push(output.message)
          else this.network.push({ from: node.self, to, message: output.message })
          this.#watcher?.sent(self, to, output.message)
        }
        return
      case "AskMaster":
        this.requests.push({ from: self, request: output.request })
        this.#watcher?.asked(self, output.request)
        return
      case "SetTimer":
        node.timers.add(output.timer)
        return
      case "CancelTimer":
        node.timers.delete(output.timer)
        return
      case "Apply":
        this.#apply(node, output.through)
        break
      case "Answer":
      case "RefuseSubmit":
      case "RefuseQuery":
      case "Unsettled":
        this.answers.push(output)
        break
      case "Note":
        break
    }
    this.#watcher?.done(self, output)
  }

  #apply(node: ModelNode, through: Slot): void {
    for (let slot = node.applied + 1; slot <= through; slot++) {
      const value = valueAt(node.log, Slot(slot))
      if (value === undefined)
        throw new Error(`${node.self.node} is to apply slot ${slot}, which it does not hold`)
      node.stateHash = hashed(node.stateHash, `${slot}=${value};`)
      node.applied = Slot(slot)
    }
  }
}
