/** One group on one node: its log, acceptor, leader and learner, wired to each other and to the bus. */
import { Effect } from "effect"
import type { GroupId, NodeId, Replica } from "../protocol/ids.ts"
import { defaultLeaderSettings, type LeaderInput } from "../protocol/leader-input.ts"
import type { AnyMachine } from "../protocol/machine.ts"
import { emptyReplica } from "../protocol/replica.ts"
import type { WalFailure } from "../runtime/storage/errors.ts"
import type { Body, Packet } from "../wire/packet.ts"
import { spawnAcceptor } from "./acceptor.ts"
import { watchLeadership } from "./candidate.ts"
import type { GroupLog } from "./group-log.ts"
import type { Hands } from "./interpret.ts"
import { spawnLeader } from "./leader.ts"
import { spawnLearner } from "./learner.ts"
import type { GroupConfig, NodeConfig } from "./node-config.ts"
import { count, type NodeContext } from "./node-context.ts"
import type { Presence } from "./presence.ts"

export interface GroupOptions {
  readonly config: NodeConfig
  readonly group: GroupConfig
  readonly machine: AnyMachine
  readonly log: GroupLog
  readonly context: NodeContext
  readonly presence: Presence
  readonly onFailure: (failure: WalFailure) => void
}

/** What a node tells of one of its groups. */
export interface GroupStatus {
  readonly group: string
  readonly machine: string
  readonly phase: string
  readonly promised: number
  readonly last: number
  readonly chosen: number
  readonly applied: number
  readonly configuration:
    | {
        readonly ballot: number
        readonly generation: number
        readonly leader: string
        readonly acceptors: ReadonlyArray<string>
      }
    | undefined
}

export interface Group {
  /** Takes a packet that is for this group. */
  readonly take: (packet: Packet) => void
  readonly status: () => GroupStatus
}

type ActorsOf = {
  acceptor: (from: Replica, message: Extract<Body, { _tag: "Prepare" | "Accept" }>) => void
  leader: (input: LeaderInput) => boolean
}

/** Spawns the roles of a group in the scope. */
export const spawnGroup = Effect.fnUntraced(function* (options: GroupOptions) {
  const { config, group, machine, log, context, presence } = options
  const { self } = context
  const id = group.name as GroupId
  const name = (role: string) => `${self.node}/${group.name}/${role}`
  // The roles tell each other through these; they are filled in as the actors come up.
  const actors: ActorsOf = { acceptor: () => {}, leader: () => false }
  const replica = emptyReplica(machine, config.sessionTtlMs)
  const learner = yield* spawnLearner({
    name: name("learner"),
    group: id,
    machine,
    replica,
    context,
    read: (from, through, maxBytes) => log.read(from, through, maxBytes)
  })
  const leaderHint = () => acceptor.state().configuration?.leader.node
  const hands = makeHands(id, context, actors, (message) => learner.actor.offerUnsafe(message), leaderHint)
  const acceptor = yield* spawnAcceptor({
    name: name("acceptor"),
    self,
    log,
    hands,
    onFailure: options.onFailure
  })
  actors.acceptor = (from, message) => acceptor.actor.offerUnsafe({ from, message })
  const leader = yield* spawnLeader({
    name: name("leader"),
    self,
    log,
    hands,
    wallMs: context.wallMs,
    onState: () => {}
  })
  actors.leader = (input) => leader.actor.offerUnsafe(input)
  // What was known to be chosen before the restart can be applied before anybody leads.
  if (log.chosen > 0) learner.actor.offerUnsafe({ _tag: "Apply", through: log.chosen, answer: false })
  yield* Effect.forkScoped(
    watchLeadership({
      group: id,
      acceptors: group.acceptors,
      context,
      presence,
      settings: {
        ...defaultLeaderSettings,
        heartbeatIntervalMs: config.heartbeatIntervalMs,
        retransmitAfterMs: config.retransmitAfterMs
      },
      start: (input) => actors.leader(input),
      isLeading: () => leader.state()._tag !== "Deposed"
    })
  )
  const status = (): GroupStatus => {
    const known = acceptor.state().configuration
    const state = leader.state()
    const chosen =
      "chosen" in state ? Math.max(state.chosen, acceptor.state().chosen) : acceptor.state().chosen
    return {
      group: group.name,
      machine: machine.name,
      phase: state._tag,
      promised: log.promised,
      last: log.last,
      chosen,
      applied: replica.applied,
      configuration: known && {
        ballot: known.ballot,
        generation: known.generation,
        leader: known.leader.node,
        acceptors: known.acceptors.map((member) => member.node)
      }
    }
  }
  const result: Group = { take: (packet) => route(packet, id, context, actors), status }
  return result
})

/** Hands a packet to the role that it is for. A leader whose mailbox is full refuses, so that the client waits and asks again. */
const route = ({ from, body }: Packet, group: GroupId, context: NodeContext, actors: ActorsOf): void => {
  switch (body._tag) {
    case "Prepare":
    case "Accept":
      return actors.acceptor(from, body)
    case "Prepared":
    case "Accepted":
    case "Gap":
    case "Nack":
      actors.leader({ _tag: "FromAcceptor", from, message: body })
      return
    case "MasterAnswer":
      actors.leader({ _tag: "FromMaster", reply: body.reply })
      return
    case "Submit":
      if (!actors.leader(body)) {
        const refusal = { _tag: "Overloaded", retryAfterMs: 20 } as const
        context.toClient(body.client, group, { _tag: "SubmitRefused", submission: body.submission, refusal })
      }
      return
    case "Query":
      if (!actors.leader(body)) {
        const refusal = { _tag: "Overloaded", retryAfterMs: 20 } as const
        context.toClient(body.client, group, { _tag: "QueryRefused", question: body.question, refusal })
      }
      return
    default:
      count(context.counters, `not for a node: ${body._tag}`)
  }
}

type ToLearner = Parameters<Hands["apply"]>[0] | Parameters<Hands["answer"]>[0]

const makeHands = (
  group: GroupId,
  context: NodeContext,
  actors: ActorsOf,
  learn: (message: ToLearner) => void,
  leaderHint: () => NodeId | undefined
): Omit<Hands, "setTimer" | "cancelTimer"> & Hands => {
  const { self } = context
  const send: Hands["send"] = (to, message) => {
    const others = to.filter((node) => node !== self.node)
    // One publish reaches everybody; the others first, so that they write while this node does.
    if (others.length > 1) context.toOthers(group, message)
    else if (others.length === 1) context.toNode(others[0]!, group, message)
    if (others.length === to.length) return
    if (message._tag === "Prepare" || message._tag === "Accept") actors.acceptor(self, message)
    else actors.leader({ _tag: "FromAcceptor", from: self, message })
  }
  const hinted = (refusal: Parameters<Hands["refuseSubmit"]>[0]["refusal"]) =>
    refusal._tag === "NotLeader" ? { ...refusal, leader: leaderHint() } : refusal
  return {
    send,
    askMaster: (request) => {
      const body: Body = { _tag: "MasterAsk", request }
      context.bus.publish(context.subjects.master, context.codec.encode(self, group, body))
    },
    // An acceptor sets none.
    setTimer: () => {},
    cancelTimer: () => {},
    refuseSubmit: ({ client, submission, refusal }) =>
      context.toClient(client, group, { _tag: "SubmitRefused", submission, refusal: hinted(refusal) }),
    unsettled: ({ client, submission }) =>
      context.toClient(client, group, { _tag: "SubmitUnsettled", submission }),
    refuseQuery: ({ client, question, refusal }) =>
      context.toClient(client, group, { _tag: "QueryRefused", question, refusal: hinted(refusal) }),
    apply: learn,
    answer: learn,
    note: (note) => {
      if (note._tag === "Ignored") count(context.counters, note.reason)
    }
  }
}
