/**
 * Makes a node lead where the master's active configuration says so: at every start with a new ballot, by the
 * full path.
 */
import { Effect, Random } from "effect"
import { type GroupId, NodeId, type Replica, sameReplica } from "../protocol/ids.ts"
import type { LeaderInput, LeaderSettings } from "../protocol/leader-input.ts"
import type { MasterRequest } from "../protocol/messages.ts"
import { knob } from "../runtime/buggify.ts"
import type { NodeContext } from "./node-context.ts"
import type { Presence } from "./presence.ts"

export interface CandidateOptions {
  readonly group: GroupId
  /** Names of the first acceptors; the first of them bootstraps the group and leads it then. */
  readonly acceptors: ReadonlyArray<string>
  readonly minAcceptors: number
  readonly context: NodeContext
  readonly presence: Presence
  readonly settings: LeaderSettings
  readonly start: (input: Extract<LeaderInput, { _tag: "Start" }>) => void
  /** Whether the leader of this node leads or is on its way. */
  readonly isLeading: () => boolean
}

const lookEveryMs = knob("leadership-look-ms", 500, { min: 20, max: 2000 })
const masterTimeoutMs = 1000

/**
 * Watches, for as long as it runs: bootstraps the group where nobody has, and starts the leader where this
 * replica is the leader of the active configuration and does not lead. A replica with another disk is no
 * longer that leader.
 */
export const watchLeadership = Effect.fnUntraced(function* (options: CandidateOptions) {
  const { group, context } = options
  const { self } = context
  const first = options.acceptors[0] === self.node
  const look = Effect.gen(function* () {
    if (options.isLeading()) return
    const reply = yield* askMaster(context, group, { _tag: "ReadMaster", requestId: "read" })
    if (reply?._tag !== "MasterRead") return
    if (reply.active === undefined) {
      if (first) yield* bootstrap(options)
      return
    }
    if (!sameReplica(reply.active.leader, self)) return
    const token = `${self.node}/${yield* Random.nextInt}/${yield* Random.nextInt}`
    options.start({ _tag: "Start", token, acceptors: reply.active.acceptors, settings: options.settings })
  })
  while (true) {
    yield* look
    yield* Effect.sleep(lookEveryMs.value)
  }
})

/** Only once every acceptor has said which storage it has: a configuration names replicas, not processes. */
const bootstrap = Effect.fnUntraced(function* (options: CandidateOptions) {
  const { context, presence, group } = options
  const acceptors: Array<Replica> = []
  for (const name of options.acceptors) {
    const replica = presence.replicaOf(NodeId(name))
    if (replica === undefined) return presence.greet()
    acceptors.push(replica)
  }
  yield* askMaster(context, group, {
    _tag: "Bootstrap",
    requestId: "bootstrap",
    leader: context.self,
    acceptors,
    minAcceptors: options.minAcceptors
  })
})

/** One question to the master; undefined where no answer came. */
const askMaster = Effect.fnUntraced(function* (context: NodeContext, group: GroupId, request: MasterRequest) {
  const { bus, subjects, self, codec } = context
  const bytes = codec.encode(self, group, { _tag: "MasterAsk", request })
  const answer = yield* bus.request(subjects.master, bytes, masterTimeoutMs).pipe(Effect.option)
  if (answer._tag === "None") return undefined
  const packet = codec.decode(answer.value)
  const body = typeof packet === "string" ? undefined : packet.body
  return body?._tag === "MasterAnswer" ? body.reply : undefined
})
