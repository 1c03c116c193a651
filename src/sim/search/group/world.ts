/** The parts of one group's model by number, and the memo of what the pure cores answered. */
import { ClientId, NodeId, type Replica, StorageId } from "../../../protocol/ids.ts"
import { leads } from "../../../protocol/leader/leader.ts"
import { emptyMaster, type MasterState } from "../../../protocol/master/master.ts"
import { type Counted, type FromAcceptor, isToAcceptor, type ToAcceptor } from "../../../protocol/messages.ts"
import type { Renaming } from "../canonical.ts"
import type { Cores } from "../cores.ts"
import { PairMap } from "../pair-map.ts"
import { Pool } from "../pool.ts"
import { sentNow, withAges } from "./ages.ts"
import { aged, leaseSettings } from "./clock.ts"
import { ballotOf, type Envelope, type RequestEnvelope, sortOf } from "./envelope.ts"
import { factsOfMaster, factsOfNode, isNext, type MasterFacts, type NodeFacts, promiseFell } from "./facts.ts"
import { freshNode, nowMs, stepNode } from "./node.ts"
import type { Applied, NodeInput, NodeModel, NodeStep, Told } from "./node-model.ts"
import { roundless, withoutRounds } from "./rounds.ts"
import { nodeNames, type Scope } from "./scope.ts"

/** What an input makes of a node. */
export interface Transition {
  readonly node: number
  readonly sent: ReadonlyArray<number>
  readonly applied: ReadonlyArray<Applied & { readonly number: number }>
  readonly told: ReadonlyArray<Told>
  readonly answers: ReadonlyArray<number>
  /** It changes nothing, or makes a leader stop: whatever can happen after it can happen without it. */
  readonly isIdle: boolean
  /** The entries on its disk are what they were. */
  readonly isSameLog: boolean
  /** A law about one node that it breaks. */
  readonly broken: string | undefined
}

export interface MasterTransition {
  readonly master: number
  readonly reply: number
  readonly broken: string | undefined
}

/** It comes with a command: one that is refused, for it is not what this is about. */
const newsInput = (counted: Counted): NodeInput => {
  const command = { client: ClientId("c"), submission: 2, bytes: new Uint8Array() }
  return { _tag: "ToLeader", input: { _tag: "Submit", ...command, counted } }
}

/** A core that finds its own state impossible has found a bug as well; and so has one that never rests. */
const flaws = new Set(["InvariantBroken", "NeverRests"])

export class World {
  readonly cores: Cores
  readonly scope: Scope
  readonly replicas: ReadonlyArray<Replica>
  readonly nodes: Pool<NodeModel>
  readonly envelopes: Pool<Envelope>
  readonly masters: Pool<MasterState>
  readonly inputs: Pool<object>
  readonly envelopeSort: Array<number> = []
  readonly envelopeTo: Array<number> = []
  readonly envelopeFrom: Array<number> = []
  readonly envelopeBallot: Array<number> = []
  readonly #aged: Array<number> = []
  readonly #nodeFacts: Array<NodeFacts> = []
  readonly #masterFacts: Array<MasterFacts> = []
  readonly #values = new Map<string, number>()
  readonly #memo = new PairMap()
  readonly #transitions: Array<Transition> = []
  readonly #masterMemo = new PairMap()
  readonly #masterTransitions: Array<MasterTransition> = []
  /** The number of a question to a leader. */
  readonly question: number
  coreSteps = 0

  constructor(cores: Cores, scope: Scope, renamings: ReadonlyArray<Renaming>) {
    this.cores = cores
    this.scope = scope
    this.replicas = nodeNames
      .slice(0, scope.nodes)
      .map((name) => ({ node: NodeId(name), storage: StorageId("1") }))
    this.nodes = new Pool("node", renamings)
    this.envelopes = new Pool("envelope", renamings)
    this.masters = new Pool("master", renamings)
    this.inputs = new Pool("input", renamings.slice(0, 1))
    this.question = this.inputOf({ _tag: "Read", proposes: false })
  }

  indexOf(node: string): number {
    return node.charCodeAt(0) - 65
  }

  freshNodes(): ReadonlyArray<number> {
    const late = this.scope.lateDisks === true
    const leaseMs = this.scope.leases === undefined ? 0 : leaseSettings.leaseDurationMs
    return this.replicas.map((replica) => this.nodes.intern(freshNode(this.cores, replica, late, leaseMs)))
  }

  /** A number for an input that is no message. */
  inputOf(input: NodeInput): number {
    return this.inputs.intern(input)
  }

  /** What a node becomes by an input that is no message. */
  stepBy(node: number, input: number): Transition {
    const known = this.#memo.get(node, -2 - input)
    if (known >= 0) return this.#transitions[known]!
    return this.#step(node, -2 - input, this.inputs.values[input] as NodeInput)
  }

  /** What a node becomes by a message. */
  deliver(node: number, envelope: number): Transition {
    const known = this.#memo.get(node, envelope)
    if (known >= 0) return this.#transitions[known]!
    return this.#step(node, envelope, this.#inputFor(this.envelopes.values[envelope]!))
  }

  #inputFor(envelope: Envelope): NodeInput {
    if (envelope._tag === "Reply")
      return { _tag: "ToLeader", input: { _tag: "FromMaster", reply: envelope.reply } }
    if (envelope._tag === "News") return newsInput(envelope.counted)
    if (envelope._tag === "Lesson") return { _tag: "Learn", learned: envelope.learned }
    const { message, from } = envelope as Extract<Envelope, { readonly _tag: "Peer" }>
    const replica = this.replicas[this.indexOf(from)]!
    return isToAcceptor(message)
      ? { _tag: "ToAcceptor", from: replica, message }
      : { _tag: "ToLeader", input: { _tag: "FromAcceptor", from: replica, message } }
  }

  #step(node: number, name: number, input: NodeInput): Transition {
    this.coreSteps++
    const transition = this.#transitionOf(node, input)
    this.#memo.set(node, name, this.#transitions.length)
    this.#transitions.push(transition)
    return transition
  }

  #transitionOf(id: number, input: NodeInput): Transition {
    const before = this.nodes.values[id]!
    let step: NodeStep
    try {
      step = stepNode(this.cores, before, input)
    } catch (error) {
      if (!(error instanceof Error) || !flaws.has(error.name)) throw error
      const broken = `invariant: ${error.message}`
      return {
        node: id,
        sent: [],
        applied: [],
        told: [],
        answers: [],
        isIdle: false,
        isSameLog: true,
        broken
      }
    }
    const from = before.self.node
    const sent = step.sent.map(({ to, message }) =>
      this.envelope({ _tag: "Peer", to: NodeId(to), from, message: this.#sent(message, step.node) })
    )
    for (const request of step.requests) sent.push(this.envelope({ _tag: "Request", from, request }))
    for (const lesson of step.lessons) sent.push(this.envelope({ _tag: "Lesson", from, ...lesson }))
    const after = this.nodes.intern(this.#normal(this.#settled(step.node)))
    const applied = step.applied.map((one) => ({ ...one, number: this.valueNumber(one.value) }))
    const isSilent = sent.length + applied.length + step.told.length + step.answers.length === 0
    return {
      node: after,
      sent,
      applied,
      told: step.told,
      answers: step.answers,
      isIdle: isSilent && this.#isIdle(id, after),
      isSameLog: step.node.log.runs === before.log.runs && step.node.disk?.log === before.disk?.log,
      broken: promiseFell(before, step.node)
    }
  }

  #sent<M extends ToAcceptor | FromAcceptor>(message: M, { leader }: NodeModel): M {
    return this.scope.leases === undefined ? roundless(message, leader) : sentNow(message)
  }

  #normal(node: NodeModel): NodeModel {
    return this.scope.leases === undefined ? withoutRounds(node) : withAges(node)
  }

  /** A leader whom any input will depose is deposed: nothing that it could do but read is lost. */
  #settled(node: NodeModel): NodeModel {
    const { leader, log } = node
    const ballot = leads(leader)?.ballot ?? log.promised
    if (leader._tag === "Deposed" || log.promised <= ballot) return node
    if (this.cores.holdsLease(leader, ballot, nowMs)) return node
    const step = this.cores.leaderStep(leader, log, { _tag: "TimerFired", timer: "heartbeat" }, nowMs)
    return step.state._tag === "Deposed" ? { ...node, leader: step.state } : node
  }

  #isIdle(before: number, after: number): boolean {
    if (before === after) return true
    const node = this.nodes.values[after]!
    if (node.leader._tag !== "Deposed") return false
    return before === this.nodes.intern({ ...node, leader: this.nodes.values[before]!.leader })
  }

  /** What the master makes of a request, which is an envelope. */
  masterStep(master: number, envelope: number): MasterTransition {
    const known = this.#masterMemo.get(master, envelope)
    if (known >= 0) return this.#masterTransitions[known]!
    const { from, request } = this.envelopes.values[envelope] as RequestEnvelope
    const before = this.masters.values[master]!
    const step = this.cores.masterStep(before, request)
    const reply = this.envelope({ _tag: "Reply", to: from, reply: step.reply })
    const broken = isNext(before, step.state) ? undefined : "one active configuration: ballots must grow"
    const transition = { master: this.masters.intern(step.state), reply, broken }
    this.#masterMemo.set(master, envelope, this.#masterTransitions.length)
    this.#masterTransitions.push(transition)
    return transition
  }

  envelope(envelope: Envelope): number {
    const id = this.envelopes.intern(envelope)
    if (id === this.envelopeSort.length) {
      this.envelopeSort.push(sortOf(envelope))
      this.envelopeTo.push("to" in envelope ? this.indexOf(envelope.to) : -1)
      this.envelopeFrom.push("from" in envelope ? this.indexOf(envelope.from) : -1)
      this.envelopeBallot.push(ballotOf(envelope))
    }
    return id
  }

  /** The same on its way, one tick later. */
  aged(id: number): number {
    return (this.#aged[id] ??= this.#agedNow(id))
  }

  #agedNow(id: number): number {
    const envelope = this.envelopes.values[id]!
    return envelope._tag === "Peer" ? this.envelope({ ...envelope, message: aged(envelope.message) }) : id
  }

  factsOf(node: number): NodeFacts {
    return (this.#nodeFacts[node] ??= factsOfNode(this.nodes.values[node]!, this.scope, (value) =>
      this.valueNumber(value)
    ))
  }

  valueNumber(value: string): number {
    const known = this.#values.get(value)
    if (known !== undefined) return known
    this.#values.set(value, this.#values.size + 1)
    return this.#values.size
  }

  masterFactsOf(master: number): MasterFacts {
    return (this.#masterFacts[master] ??= factsOfMaster(this.masters.values[master]!, (node) =>
      this.indexOf(node)
    ))
  }

  freshMaster(leader: Replica, acceptors: ReadonlyArray<Replica>): number {
    const bootstrap = { _tag: "Bootstrap", requestId: "b", leader, acceptors, minAcceptors: 1 } as const
    return this.masters.intern(this.cores.masterStep(emptyMaster(), bootstrap).state)
  }
}
