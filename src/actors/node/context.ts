/** What all roles of a node share: who it is, the bus, the packets, its clock, and how it fails. */
import { Clock, Context, Effect } from "effect"
import {
  type ClientId,
  type GroupId,
  type NodeId,
  noBallot,
  type Replica,
  type SessionId
} from "../../protocol/ids.ts"
import { Bus, type BusShape, type Published } from "../../runtime/bus/port.ts"
import { subscribed } from "../../runtime/bus/subscribed.ts"
import { readMonotonicMs } from "../../runtime/monotonic.ts"
import type { ToClient } from "../../wire/client-codec.ts"
import { type Body, type Packet, type PacketCodec, packetCodec } from "../../wire/packet.ts"
import { type Subjects, subjectsOf } from "../../wire/subjects.ts"
import { type MasterLine, type MasterLineOptions, makeMasterLine } from "../master/line.ts"

/** Things that went by without doing harm, counted by what they were. */
export type Counters = Map<string, number>

export const count = (counters: Counters, what: string): void => {
  counters.set(what, (counters.get(what) ?? 0) + 1)
}

export interface NodeContext {
  readonly self: Replica
  readonly cluster: string
  readonly bus: BusShape
  readonly subjects: Subjects
  readonly codec: PacketCodec
  readonly counters: Counters
  /** The way to the master. */
  readonly master: MasterLine
  readonly wallMs: () => number
  /** For intervals, leases above all; with fractions. It never goes back. */
  readonly monotonicMs: () => number
  /** Publishes to one subject. What the bus does not take is counted; above it everything is sent again. */
  readonly publish: (subject: string, group: GroupId, body: Body, replyTo?: string) => Published
  readonly toNode: (node: NodeId, group: GroupId, body: Body) => void
  readonly toOthers: (group: GroupId, body: Body) => void
  readonly toClient: (client: ClientId, group: GroupId, body: ToClient) => Published
  readonly toSession: (session: SessionId, group: GroupId, body: ToClient) => Published
  /** Hands packets, and where an answer goes, to `take` until the scope closes; what is none is counted. */
  readonly listen: (
    subject: string,
    take: (packet: Packet, replyTo: string | undefined) => void
  ) => ReturnType<BusShape["subscribe"]>
}

/** Where the masters are, and what this node can tell them. */
export type MastersKnown = Pick<MasterLineOptions, "masters" | "promised">

const noMasters: MastersKnown = { masters: [], promised: () => noBallot }

export const makeNodeContext = Effect.fnUntraced(function* (
  cluster: string,
  self: Replica,
  masters: MastersKnown = noMasters
) {
  const bus = yield* Bus
  const clock = Context.get(yield* Effect.context<never>(), Clock.Clock)
  const codec = packetCodec(cluster)
  const subjects = subjectsOf(cluster)
  const counters: Counters = new Map()
  const publish: NodeContext["publish"] = (subject, group, body, replyTo) => {
    const published = bus.publish(subject, codec.encode(self, group, body), replyTo)
    if (published !== "sent") count(counters, `${published}: ${body._tag}`)
    return published
  }
  const master = yield* makeMasterLine({ self, bus, subjects, codec, ...masters })
  const context: NodeContext = {
    master,
    self,
    cluster,
    bus,
    subjects,
    codec,
    counters,
    wallMs: () => clock.currentTimeMillisUnsafe(),
    monotonicMs: () => readMonotonicMs(clock),
    publish,
    toNode: (node, group, body) => publish(subjects.node(node), group, body),
    toOthers: (group, body) => publish(subjects.from(self.node), group, body),
    toClient: (client, group, body) => publish(subjects.client(client), group, body),
    toSession: (session, group, body) => publish(subjects.session(group, session), group, body),
    listen: (subject, take) =>
      subscribed(bus, subject, {
        onMessage: (payload, _subject, replyTo) => {
          const packet = codec.decode(payload)
          if (typeof packet === "string") count(counters, packet)
          else take(packet, replyTo)
        }
      })
  }
  return context
})
