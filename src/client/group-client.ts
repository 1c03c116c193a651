/**
 * A client of one group as an actor: callbacks for those who count microseconds, effects for everybody else.
 */
import { Clock, Context, Effect, Exit, Random, Scope } from "effect"
import { ClientId, type GroupId, type NodeId, type SessionId } from "../protocol/ids.ts"
import { spawnBatch } from "../runtime/actor-spawn.ts"
import { Bus, type BusShape } from "../runtime/bus/port.ts"
import { subscribed } from "../runtime/bus/subscribed.ts"
import { crash } from "../runtime/supervisor.ts"
import type { Foretold, ToClient } from "../wire/client-codec.ts"
import { type PacketCodec, packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { deadlineAfter } from "./call-options.ts"
import type { Command, CommandDone } from "./epoch.ts"
import { Foretelling } from "./foretelling.ts"
import { GroupCore, type Heard } from "./group-core.ts"
import { Link } from "./link.ts"
import type { Question, QuestionDone } from "./questions.ts"

type Message =
  | { readonly _tag: "Command"; readonly command: Command }
  | { readonly _tag: "Question"; readonly question: Question }
  | { readonly _tag: "Heard"; readonly body: Heard; readonly from: NodeId }
  | { readonly _tag: "Foreseen"; readonly foretold: Foretold }
  | { readonly _tag: "Listening"; readonly session: SessionId }
  | { readonly _tag: "NotListening" }
  | { readonly _tag: "NobodyThere" }
  | { readonly _tag: "Look" }
  | { readonly _tag: "Tick" }

const tickMs = 50

/**
 * Submits and asks without an effect per command. The callbacks run in the client's own turn and must not
 * throw.
 */
export interface GroupClient {
  readonly id: ClientId
  /**
   * False where too much waits already: nothing was taken. `timeoutMs` bounds how long the caller waits; with
   * what is no number of milliseconds it is `Rejected`.
   */
  readonly submitUnsafe: (command: Uint8Array, timeoutMs: number, done: CommandDone) => boolean
  /** The same for a question, which changes nothing. */
  readonly askUnsafe: (question: Uint8Array, timeoutMs: number, done: QuestionDone) => boolean
}

const receive = (core: GroupCore, message: Message): void => {
  switch (message._tag) {
    case "Command":
      return core.command(message.command)
    case "Question":
      return core.question(message.question)
    case "Heard":
      return core.heard(message.body, message.from)
    case "Foreseen":
      return core.foreseen(message.foretold)
    case "Listening":
      return core.listening(message.session)
    case "NotListening":
      return core.notListening()
    case "NobodyThere":
      return core.nobodyThere()
    case "Tick":
      return core.tick()
    case "Look":
      return
  }
}

/** Reads what comes for a client. */
const hearing = (codec: PacketCodec, group: GroupId, tell: (message: Message) => void) => {
  const foretelling = new Foretelling()
  const foreseen = (foretold: Foretold | undefined): void => {
    if (foretold !== undefined) tell({ _tag: "Foreseen", foretold })
  }
  return (payload: Uint8Array): void => {
    const packet = codec.decode(payload)
    if (typeof packet === "string" || packet.group !== group) return
    const body = packet.body as ToClient
    // Put together at once: a turn of the actor for each acceptor would cost more than the hop that is saved.
    if (body._tag === "Synced") foreseen(foretelling.synced(packet.from, body))
    else if (body._tag === "Foretold") foreseen(foretelling.foretold(body))
    else tell({ _tag: "Heard", body, from: packet.from.node })
  }
}

interface Beside {
  readonly scope: Scope.Scope
  readonly run: (effect: Effect.Effect<void>) => void
  readonly tell: (message: Message) => void
}

/** Listens for the results of sessions, of each until it is forgotten. */
const sessionsHeard = (
  subscribe: (session: SessionId) => ReturnType<BusShape["subscribe"]>,
  { scope, run, tell }: Beside
) => {
  const heard = new Map<SessionId, Scope.Closeable>()
  const forget = (session: SessionId): void => {
    const own = heard.get(session)
    if (own !== undefined && heard.delete(session)) run(Scope.close(own, Exit.void))
  }
  const listen = (session: SessionId): void => {
    const own = Scope.forkUnsafe(scope)
    heard.set(session, own)
    const failed = () => {
      forget(session)
      tell({ _tag: "NotListening" })
    }
    run(
      subscribe(session).pipe(
        Scope.provide(own),
        Effect.match({ onSuccess: () => tell({ _tag: "Listening", session }), onFailure: failed })
      )
    )
  }
  return { listen, forget }
}

/**
 * Connects to a group; the client lives until the scope closes. A bus that is away is waited for. Finding a
 * leader is part of the first command.
 */
export const groupClient = Effect.fnUntraced(function* (cluster: string, group: GroupId) {
  const bus = yield* Bus
  const scope = yield* Scope.Scope
  const context = yield* Effect.context<never>()
  const clock = Context.get(context, Clock.Clock)
  const nowMs = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const random = () => Context.get(context, Random.Random).nextDoubleUnsafe()
  const client = ClientId(`c${(yield* Random.nextInt).toString(36)}${(yield* Random.nextInt).toString(36)}`)
  const codec = packetCodec(cluster)
  const subjects = subjectsOf(cluster)
  const run = (effect: Effect.Effect<void>) => {
    Effect.runForkWith(context)(Effect.forkIn(effect, scope))
  }
  const tell = (message: Message) => {
    actor.offerControlUnsafe(message)
  }
  const link = new Link({
    bus,
    subjects,
    codec,
    client,
    group,
    nowMs,
    random,
    run,
    onFound: () => tell({ _tag: "Look" })
  })
  const onMessage = hearing(codec, group, tell)
  const subscribe = (session: SessionId) => bus.subscribe(subjects.session(group, session), { onMessage })
  const { listen, forget } = sessionsHeard(subscribe, { scope, run, tell })
  const core = new GroupCore({ client, link, nowMs, listen, forget })
  const actor = yield* spawnBatch<Message>({
    name: `${group}/${client}`,
    mailbox: { capacity: 65_536, controlCapacity: 1_000_000 },
    supervision: crash,
    onStart: ({ timers }) => timers.setRepeating("tick", tickMs, { _tag: "Tick" }),
    onStop: () => core.close(),
    receive: (batch) => {
      for (const message of batch) receive(core, message)
      core.flush()
    }
  })
  // It was logged, and calls fail from now on: that is all that the process needs to know of its end.
  actor.onTerminated(() => undefined)
  yield* subscribed(bus, subjects.leading(group), { onMessage })
  yield* subscribed(bus, subjects.client(client), {
    onMessage,
    onNoResponders: () => tell({ _tag: "NobodyThere" })
  })
  const api: GroupClient = {
    id: client,
    submitUnsafe: (bytes, timeoutMs, done) =>
      actor.offerUnsafe({
        _tag: "Command",
        command: { bytes, done, deadlineMs: deadlineAfter(timeoutMs, nowMs()) }
      }),
    askUnsafe: (bytes, timeoutMs, done) =>
      actor.offerUnsafe({
        _tag: "Question",
        question: { bytes, done, deadlineMs: deadlineAfter(timeoutMs, nowMs()) }
      })
  }
  return api
})
