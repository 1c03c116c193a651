/** A cluster of protocol cores without actors: every message, sync, timer and crash is one explicit call. */
import { freshGrants } from "../../src/protocol/acceptor/lease.ts"
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
import type { LeaderInput, LeaderSettings } from "../../src/protocol/leader/input.ts"
import { emptyMaster, type MasterState } from "../../src/protocol/master/master.ts"
import type { Learned } from "../../src/protocol/membership/outsider.ts"
import { isToAcceptor, type MasterReply, type MasterRequest } from "../../src/protocol/messages.ts"
import type { Free, Output, TimerName } from "../../src/protocol/step.ts"
import { type Cores, realCores } from "../../src/sim/search/cores.ts"
import { valueAt, withPromise, withRun } from "../../src/sim/search/memory-log.ts"
import {
  emptyDisk,
  hashed,
  type Letter,
  type ModelNode,
  type PeerMessage,
  type Watcher
} from "./cluster-model-node.ts"

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
  /** True time; it moves when it is set. */
  nowMs = 0
  /** How fast the monotonic clocks of nodes run; 1 unless said otherwise. */
  readonly rates = new Map<NodeId, number>()
  #tokens = 0

  constructor(names: string, settings: LeaderSettings, cores: Cores = realCores, watcher?: Watcher) {
    this.#cores = cores
    this.#settings = settings
    this.#watcher = watcher
    this.master = emptyMaster()
    for (const name of names) {
      const self = { node: NodeId(name), storage: StorageId(`${name}1`) }
      const grants = freshGrants(settings.leaseDurationMs, 0, 0)
      const acceptor = { self, promised: noBallot, chosen: noSlot, configuration: undefined, grants }
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

  /** What the monotonic clock of a node shows. */
  clockOf({ self }: ModelNode): number {
    return this.nowMs * (this.rates.get(self.node) ?? 1)
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
    const step = this.#cores.leaderStep(node.leader, node.log, input, this.clockOf(node))
    node.leader = step.state
    this.#take(node, step.outputs)
  }

  fire(name: string, timer: TimerName): void {
    const node = this.node(name)
    node.timers.delete(timer)
    if (timer === "lease-wait" || timer === "owed") {
      const nowMs = this.clockOf(node)
      const step =
        timer === "owed"
          ? this.#cores.debtDue(node.acceptor, nowMs)
          : this.#cores.leaseWaited(node.acceptor, node.log, nowMs)
      node.acceptor = step.state
      return this.#take(node, step.outputs)
    }
    this.lead(name, { _tag: "TimerFired", timer })
  }

  /** Hands a message to a node; whether it leaves the network is the caller's business. */
  receive(name: string, from: Replica, message: PeerMessage): void {
    if (message._tag !== "Learned" && !isToAcceptor(message)) {
      this.lead(name, { _tag: "FromAcceptor", from, message })
      return
    }
    const node = this.node(name)
    const step =
      message._tag === "Learned"
        ? this.#cores.learnStep(node.acceptor, node.log, message)
        : this.#cores.acceptorStep(node.acceptor, node.log, from, message, this.clockOf(node))
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
      const { disk } = node
      if (record._tag === "Appended") node.disk = { ...disk, log: withRun(disk.log, record.run) }
      if (record._tag === "Promised") node.disk = { ...disk, log: withPromise(disk.log, record.ballot) }
      if (record._tag === "Chosen") node.disk = { ...disk, chosen: record.slot }
      if (record._tag === "LeaseNoted") node.disk = { ...disk, leaseNotedMs: record.durationMs }
      if (record._tag === "Appended") this.#changed(node, record.run.first)
    }
    for (const free of written.release) this.#perform(node, free)
  }

  /** The node stops and comes back with what its disk kept. */
  crash(name: string): void {
    const node = this.node(name)
    const { log, chosen, leaseNotedMs } = node.disk
    const grants = freshGrants(this.#settings.leaseDurationMs, leaseNotedMs, this.clockOf(node))
    node.log = log
    node.acceptor = { self: node.self, promised: log.promised, chosen, configuration: undefined, grants }
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
      case "TellSuccessor":
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
