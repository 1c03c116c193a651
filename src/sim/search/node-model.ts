/**
 * One node as an immutable value, and what one input does to it: the real cores, with synchronous disk and
 * own mailbox.
 */
import type { AcceptorState } from "../../protocol/acceptor.ts"
import { keepAliveEntry } from "../../protocol/entry.ts"
import { ClientId, noBallot, noSlot, type Replica, SessionId, type Slot } from "../../protocol/ids.ts"
import { defaultLeaderSettings, type LeaderInput } from "../../protocol/leader-input.ts"
import type { LeaderState } from "../../protocol/leader-state.ts"
import { freshGrants } from "../../protocol/lease.ts"
import {
  type FromAcceptor,
  isToAcceptor,
  type MasterRequest,
  type ToAcceptor
} from "../../protocol/messages.ts"
import type { Output } from "../../protocol/step.ts"
import type { Cores } from "./cores.ts"
import { type MemoryLog, memoryLog, valueAt, withPromise, withRun } from "./memory-log.ts"

export interface NodeModel {
  readonly self: Replica
  readonly acceptor: AcceptorState
  readonly log: MemoryLog
  readonly leader: LeaderState
  /** Tells the proposals of one start of a leader from those of the next. */
  readonly starts: number
}

export type NodeInput =
  | { readonly _tag: "ToAcceptor"; readonly from: Replica; readonly message: ToAcceptor }
  | { readonly _tag: "ToLeader"; readonly input: LeaderInput }
  /** Leads nothing any more: its memory is gone. */
  | { readonly _tag: "Restart" }
  | { readonly _tag: "Propose" }

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
}

// There is no time in this model, hence there are no leases.
const nowMs = 0
const noGrants = freshGrants(0, 0, nowMs)

export const freshNode = (cores: Cores, self: Replica): NodeModel => ({
  self,
  acceptor: { self, promised: noBallot, chosen: noSlot, configuration: undefined, grants: noGrants },
  log: memoryLog(noBallot, [], []),
  leader: cores.idleLeader(self),
  starts: 0
})

export const modelSettings = { ...defaultLeaderSettings, windowMax: 8 }

/** Follows one input to its end: what the node sends to itself is delivered in order at once. */
export const stepNode = (cores: Cores, before: NodeModel, input: NodeInput): NodeStep => {
  let node = before
  const queue: Array<NodeInput> = [input]
  const sent: Array<Sent> = []
  const requests: Array<MasterRequest> = []
  const applied: Array<Applied> = []
  const take = (outputs: ReadonlyArray<Output>): void => {
    for (const output of outputs) {
      if (output._tag === "Persist") {
        for (const record of output.records) {
          if (record._tag === "Appended") node = { ...node, log: withRun(node.log, record.run) }
          if (record._tag === "Promised") node = { ...node, log: withPromise(node.log, record.ballot) }
        }
        take(output.release)
      } else if (output._tag === "Send") {
        for (const to of output.to) {
          if (to === node.self.node) queue.push(toSelf(node.self, output.message))
          else sent.push({ to, message: output.message })
        }
      } else if (output._tag === "AskMaster") requests.push(output.request)
      else if (output._tag === "Apply")
        applied.push(...appliedThrough(node.log, output.through, output.answer))
    }
  }
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const outputs = stepCores(cores, node, next)
    node = outputs.node
    take(outputs.outputs)
  }
  return { node, sent, requests, applied }
}

const toSelf = (self: Replica, message: ToAcceptor | FromAcceptor): NodeInput =>
  isToAcceptor(message)
    ? { _tag: "ToAcceptor", from: self, message }
    : { _tag: "ToLeader", input: { _tag: "FromAcceptor", from: self, message } }

const stepCores = (
  cores: Cores,
  node: NodeModel,
  input: NodeInput
): { readonly node: NodeModel; readonly outputs: ReadonlyArray<Output> } => {
  switch (input._tag) {
    case "ToAcceptor": {
      const { state, outputs } = cores.acceptorStep(node.acceptor, node.log, input.from, input.message, nowMs)
      return { node: { ...node, acceptor: state }, outputs }
    }
    case "ToLeader": {
      const { state, outputs } = cores.leaderStep(node.leader, node.log, input.input, nowMs)
      return { node: { ...node, leader: state }, outputs }
    }
    case "Restart": {
      const acceptor = { ...node.acceptor, configuration: undefined }
      const leader = cores.idleLeader(node.self)
      return { node: { ...node, acceptor, leader, starts: node.starts + 1 }, outputs: [] }
    }
    case "Propose":
      return proposed(cores, node)
  }
}

/**
 * One more entry: the one that every ballot starts with, then the clients'. The clock tells every proposal
 * from every other.
 */
const proposed = (cores: Cores, before: NodeModel) => {
  let { leader } = before
  if (leader._tag !== "Serving") return { node: before, outputs: [] }
  if (leader.pending.length === 0) {
    const bytes = keepAliveEntry(SessionId(1))
    const submit = { _tag: "Submit", client: ClientId("c"), submission: 1, bytes } as const
    leader = cores.leaderStep(leader, before.log, submit, nowMs).state
  }
  const wallMs = before.log.promised * 10 + before.starts
  const { state, outputs } = cores.leaderStep(leader, before.log, { _tag: "Flush", wallMs }, nowMs)
  return { node: { ...before, leader: state }, outputs }
}

const appliedThrough = (log: MemoryLog, through: Slot, answered: boolean): ReadonlyArray<Applied> => {
  const applied: Array<Applied> = []
  for (let slot = 1; slot <= through; slot++) {
    applied.push({ slot: slot as Slot, value: valueAt(log, slot as Slot) ?? "nothing", answered })
  }
  return applied
}
