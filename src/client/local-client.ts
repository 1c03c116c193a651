/** A client that asks whatever replica is near, as an actor. */
import { Clock, Context, Effect, Random, Scope } from "effect"
import { ClientId, type GroupId, type NodeId } from "../protocol/ids.ts"
import { spawnBatch } from "../runtime/actor-spawn.ts"
import { Bus } from "../runtime/bus/port.ts"
import { crash } from "../runtime/supervisor.ts"
import type { ToClient } from "../wire/client-codec.ts"
import { noReplica, packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { deadlineAfter } from "./call-options.ts"
import { findReplicas, Surroundings } from "./discover.ts"
import type { Question, QuestionDone } from "./questions.ts"
import { ReplicaReader } from "./replica-reader.ts"
import { roomBytes, send } from "./sending.ts"

type Message =
  | { readonly _tag: "Question"; readonly question: Question }
  | { readonly _tag: "Heard"; readonly body: ToClient; readonly from: NodeId }
  | { readonly _tag: "Found"; readonly replicas: ReadonlyArray<NodeId>; readonly seen: Surroundings }
  | { readonly _tag: "NobodyThere" }
  | { readonly _tag: "Tick" }

const tickMs = 50
/** How long others may take to answer after the nearest one. */
const graceMs = 10

export interface LocalClient {
  /**
   * Asks the nearest replica that answers and has applied `atLeast`. False where too much waits already.
   * `timeoutMs` bounds how long the caller waits.
   */
  readonly askUnsafe: (
    question: Uint8Array,
    atLeast: number,
    timeoutMs: number,
    done: QuestionDone
  ) => boolean
}

const receive = (reader: ReplicaReader, message: Message): void => {
  switch (message._tag) {
    case "Question":
      return reader.question(message.question)
    case "Heard":
      return reader.heard(message.body, message.from)
    case "Found":
      return reader.found(message.replicas, message.seen)
    case "NobodyThere":
      return reader.nobodyThere()
    case "Tick":
      return reader.tick()
  }
}

/** Connects to the replicas of a group; the client lives until the scope closes. */
export const localClient = Effect.fnUntraced(function* (cluster: string, group: GroupId) {
  const bus = yield* Bus
  const scope = yield* Scope.Scope
  const context = yield* Effect.context<never>()
  const clock = Context.get(context, Clock.Clock)
  const nowMs = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const client = ClientId(`l${(yield* Random.nextInt).toString(36)}${(yield* Random.nextInt).toString(36)}`)
  const codec = packetCodec(cluster)
  const subjects = subjectsOf(cluster)
  const inbox = subjects.client(client)
  const tell = (message: Message) => void actor.offerControlUnsafe(message)
  const look = Effect.suspend(() => {
    const seen = new Surroundings(group)
    const looking = findReplicas(bus, subjects, group, graceMs, seen)
    return Effect.map(looking, (replicas) => tell({ _tag: "Found", replicas, seen }))
  })
  const reader = new ReplicaReader({
    client,
    group,
    nowMs,
    send: (to, query) => send(bus, subjects.node(to), codec.encode(noReplica, group, query), inbox),
    roomBytes: () => roomBytes(bus),
    look: () => void Effect.runForkWith(context)(Effect.forkIn(look, scope))
  })
  const actor = yield* spawnBatch<Message>({
    name: `${group}/${client}`,
    mailbox: { capacity: 65_536, controlCapacity: 1_000_000 },
    supervision: crash,
    onStart: ({ timers }) => timers.setRepeating("tick", tickMs, { _tag: "Tick" }),
    onStop: () => reader.close(),
    receive: (batch) => {
      for (const message of batch) receive(reader, message)
      reader.flush()
    }
  })
  // It was logged, and calls fail from now on: that is all that the process needs to know of its end.
  actor.onTerminated(() => undefined)
  yield* bus.subscribe(inbox, {
    onMessage: (payload) => {
      const packet = codec.decode(payload)
      if (typeof packet !== "string" && packet.group === group)
        tell({ _tag: "Heard", body: packet.body as ToClient, from: packet.from.node })
    },
    onNoResponders: () => tell({ _tag: "NobodyThere" })
  })
  const api: LocalClient = {
    askUnsafe: (bytes, atLeast, timeoutMs, done) =>
      actor.offerUnsafe({
        _tag: "Question",
        question: { bytes, done, atLeast, deadlineMs: deadlineAfter(timeoutMs, nowMs()) }
      })
  }
  return api
})
