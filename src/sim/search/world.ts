/**
 * A small cluster as a value for exhaustive search: interned nodes, a soup of messages, the real cores,
 * memoised.
 */
import type { Configuration } from "../../protocol/configuration.ts"
import { NodeId, type Replica, StorageId } from "../../protocol/ids.ts"
import { leads } from "../../protocol/leader.ts"
import { emptyMaster, type MasterState } from "../../protocol/master.ts"
import type { FromAcceptor, MasterReply, MasterRequest, ToAcceptor } from "../../protocol/messages.ts"
import type { Cores } from "./cores.ts"
import { valueAt } from "./memory-log.ts"
import { type Applied, freshNode, type NodeInput, type NodeModel, stepNode } from "./node-model.ts"

/** What is on its way. Nothing in the soup ever has to arrive: that is loss; and it arrives in any order. */
export type Envelope =
  | {
      readonly _tag: "Peer"
      readonly to: number
      readonly from: number
      readonly message: ToAcceptor | FromAcceptor
      /** A duplicate of what has arrived. */
      readonly again?: true
    }
  | { readonly _tag: "Request"; readonly from: number; readonly request: MasterRequest }
  | { readonly _tag: "Reply"; readonly to: number; readonly reply: MasterReply }

/** Every value gets a small number; equal values get the same one. */
class Pool<T> {
  readonly values: Array<T> = []
  readonly #ids = new Map<string, number>()

  intern(value: T): number {
    const key = JSON.stringify(value, canonical)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    this.#ids.set(key, this.values.length)
    this.values.push(value)
    return this.values.length - 1
  }
}

/** Fields that decide nothing here: sizes and intervals, and what only timers look at. */
const ignoredFields = new Set(["settings", "moved", "beatRound", "pendingBytes", "reason"])

const canonical = (key: string, value: unknown): unknown => {
  if (ignoredFields.has(key)) return undefined
  if (value instanceof Map) return [...value]
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex")
  return value
}

const nodesIn = (request: MasterRequest): string =>
  "acceptors" in request ? request.acceptors.map((acceptor) => acceptor.node).join("") : ""

export interface Transition {
  readonly node: number
  readonly sent: ReadonlyArray<number>
  readonly applied: ReadonlyArray<Applied>
}

export interface Scope {
  readonly nodes: number
  /** Acceptors of the first active ballot, by index; the first of them leads it. */
  readonly initial: ReadonlyArray<number>
  /** Sets of acceptors for new ballots; its leader is the node that asks, which must be among them. */
  readonly sets: ReadonlyArray<ReadonlyArray<number>>
  readonly ballotsMax: number
  readonly slotsMax: number
  readonly retiresMax: number
  /** A message to an acceptor can arrive a second time, at any time later. */
  readonly duplicates: boolean
  /** Steps to take before the search begins, as traces name them: a guide to what lies deep. */
  readonly prelude?: ReadonlyArray<string>
}

/** Interned values of one search, and the memo of what the pure cores answered. */
export class World {
  readonly cores: Cores
  readonly scope: Scope
  readonly replicas: ReadonlyArray<Replica>
  readonly nodes = new Pool<NodeModel>()
  readonly envelopes = new Pool<Envelope>()
  readonly masters = new Pool<MasterState>()
  readonly #values = new Map<number, ReadonlyArray<string | undefined>>()
  readonly #memo = new Map<number, Transition>()
  readonly #masterMemo = new Map<string, { master: number; reply: number }>()
  readonly #duplicates = new Map<number, number>()
  coreSteps = 0

  constructor(cores: Cores, scope: Scope) {
    this.cores = cores
    this.scope = scope
    this.replicas = Array.from({ length: scope.nodes }, (_, index) => ({
      node: NodeId("ABCDE"[index]!),
      storage: StorageId("1")
    }))
  }

  indexOf(node: string): number {
    return node.charCodeAt(0) - 65
  }

  freshNodes(): Array<number> {
    return this.replicas.map((replica) => this.nodes.intern(freshNode(this.cores, replica)))
  }

  freshMaster(): MasterState {
    return emptyMaster()
  }

  /** What the node becomes by an input, and what it sends; `name` stands for the input in the memo. */
  step(nodeId: number, name: number, input: () => NodeInput): Transition {
    const key = nodeId * 1_000_000 + name
    const known = this.#memo.get(key)
    if (known !== undefined) return known
    this.coreSteps++
    const from = this.indexOf(this.nodes.values[nodeId]!.self.node)
    const result = stepNode(this.cores, this.nodes.values[nodeId]!, input())
    const sent = result.sent.map(({ to, message }) =>
      this.envelopes.intern({ _tag: "Peer", to: this.indexOf(to), from, message })
    )
    for (const request of result.requests)
      sent.push(this.envelopes.intern({ _tag: "Request", from, request }))
    const transition = { node: this.nodes.intern(result.node), sent, applied: result.applied }
    this.#memo.set(key, transition)
    return transition
  }

  masterStep(masterId: number, from: number, request: MasterRequest): { master: number; reply: number } {
    const who = "acceptor" in request ? request.acceptor.node : nodesIn(request)
    const key = `${masterId}/${from}/${request._tag}/${request.requestId}/${who}`
    const known = this.#masterMemo.get(key)
    if (known !== undefined) return known
    const step = this.cores.masterStep(this.masters.values[masterId]!, request)
    const reply = this.envelopes.intern({ _tag: "Reply", to: from, reply: step.reply })
    const result = { master: this.masters.intern(step.state), reply }
    this.#masterMemo.set(key, result)
    return result
  }

  duplicateOf(id: number, envelope: Extract<Envelope, { readonly _tag: "Peer" }>): number {
    const known = this.#duplicates.get(id) ?? this.envelopes.intern({ ...envelope, again: true })
    this.#duplicates.set(id, known)
    return known
  }

  /** The values of a node's log by slot, from 1; the first place is unused. */
  valuesOf(nodeId: number): ReadonlyArray<string | undefined> {
    const known = this.#values.get(nodeId)
    if (known !== undefined) return known
    const { log } = this.nodes.values[nodeId]!
    const values = Array.from({ length: this.scope.slotsMax + 1 }, (_, slot) => valueAt(log, slot as never))
    this.#values.set(nodeId, values)
    return values
  }

  ballotOf(nodeId: number): number {
    return leads(this.nodes.values[nodeId]!.leader)?.ballot ?? 0
  }

  indexesOf(configuration: Configuration): ReadonlyArray<number> {
    return configuration.acceptors.map((acceptor) => this.indexOf(acceptor.node))
  }
}
