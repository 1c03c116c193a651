/** The way from a node to the master: one of several asked at a time, and the next where nobody answers. */
import { Deferred, Effect, FiberSet, Option, Semaphore } from "effect"
import type { Ballot, GroupId, NodeId, Replica } from "../protocol/ids.ts"
import type { MasterReply, MasterRequest } from "../protocol/messages.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { subscribed } from "../runtime/bus/subscribed.ts"
import type { Packet, PacketCodec } from "../wire/packet.ts"
import type { Subjects } from "../wire/subjects.ts"

export interface MasterLineOptions {
  readonly self: Replica
  readonly bus: BusShape
  readonly subjects: Subjects
  readonly codec: PacketCodec
  readonly masters: ReadonlyArray<NodeId>
  /** The ballot that this node's acceptor of a group has promised. */
  readonly promised: (group: GroupId) => Ballot
}

/** How often this node has asked a master, since it started. */
export interface MasterRequests {
  /** To change something: take, activate or shrink a configuration. */
  readonly changes: number
  /** To look at what is. */
  readonly reads: number
}

export interface MasterLine {
  /** Undefined where no master answered: ask again, the request id makes that harmless. */
  readonly ask: (group: GroupId, request: MasterRequest) => Effect.Effect<MasterReply | undefined>
  /** The same for those who cannot wait. A second call with a request that is on its way does nothing. */
  readonly tell: (group: GroupId, request: MasterRequest, take: (reply: MasterReply) => void) => void
  readonly requests: () => MasterRequests
}

/** A master that has not answered in this time may be gone, or without a majority. */
const nextAfterMs = 100
/** How often each of them is asked before the question is given up. */
const roundsMax = 2

/**
 * So many questions are on their way at a time, and the others wait for their turn: masters that were asked
 * about a thousand groups at once would answer each too late, and be asked again.
 */
const onTheirWayMax = 16

/** One question on its way. */
interface Question {
  readonly answered: Deferred.Deferred<MasterReply>
  /** Nobody listens where it was sent last. */
  silence: Deferred.Deferred<void>
  readonly requestId: string
}

/** Prepares to ask; it ends with the scope. */
export const makeMasterLine = Effect.fnUntraced(function* (options: MasterLineOptions) {
  const { self, bus, subjects, codec, masters } = options
  const inbox = yield* bus.newInbox
  const questions = new Map<string, Question>()
  const counted = { changes: 0, reads: 0 }
  const turns = Semaphore.makeUnsafe(onTheirWayMax)
  let asked = 0
  /** The master to begin with: this node's own, or else the one that answered last. */
  let first = Math.max(0, masters.indexOf(self.node))
  yield* subscribed(bus, `${inbox}.*`, {
    onMessage: (payload, subject) => {
      const packet = codec.decode(payload)
      const question = questions.get(subject)
      const reply = typeof packet === "string" ? undefined : replyIn(packet)
      if (question === undefined || reply?.requestId !== question.requestId) return
      Deferred.doneUnsafe(question.answered, Effect.succeed(reply))
    },
    onNoResponders: (subject) => {
      const question = questions.get(subject)
      if (question !== undefined) Deferred.doneUnsafe(question.silence, Effect.void)
    }
  })
  const askInTurn = Effect.fnUntraced(function* (group: GroupId, request: MasterRequest) {
    if (request._tag === "ReadMaster") counted.reads += 1
    else counted.changes += 1
    const subject = `${inbox}.${(asked += 1)}`
    const bytes = codec.encode(self, group, {
      _tag: "MasterAsk",
      request,
      promised: options.promised(group)
    })
    const { requestId } = request
    const answered = yield* Deferred.make<MasterReply>()
    const question: Question = { answered, silence: yield* Deferred.make<void>(), requestId }
    questions.set(subject, question)
    const start = first
    const tries = Effect.gen(function* () {
      for (let at = 0; at < roundsMax * masters.length; at++) {
        const index = (start + at) % masters.length
        question.silence = yield* Deferred.make<void>()
        bus.publish(subjects.master(masters[index]!), bytes, subject)
        const reply = Effect.asSome(Deferred.await(answered))
        const silence = Effect.as(Deferred.await(question.silence), Option.none<MasterReply>())
        const found = yield* Effect.raceFirst(reply, silence).pipe(Effect.timeoutOption(nextAfterMs))
        if (Option.isNone(found) || Option.isNone(found.value)) continue
        // A late answer may be another one's: whoever answers at once will be asked again.
        if (!masters.includes(self.node)) first = index
        return found.value.value
      }
      return undefined
    })
    return yield* Effect.ensuring(
      tries,
      Effect.sync(() => questions.delete(subject))
    )
  })
  const ask = (group: GroupId, request: MasterRequest) => turns.withPermits(1)(askInTurn(group, request))
  const tell = teller(ask, yield* FiberSet.makeRuntime<never>())
  const line: MasterLine = { ask, tell, requests: () => ({ ...counted }) }
  return line
})

const teller = (
  ask: MasterLine["ask"],
  run: (effect: Effect.Effect<void>) => unknown
): MasterLine["tell"] => {
  const underWay = new Set<string>()
  return (group, request, take) => {
    const key = `${group}/${request._tag}/${request.requestId}`
    if (underWay.has(key)) return
    underWay.add(key)
    run(
      ask(group, request).pipe(
        Effect.map((reply) => (reply === undefined ? undefined : take(reply))),
        Effect.ensuring(Effect.sync(() => underWay.delete(key)))
      )
    )
  }
}

const replyIn = ({ body }: Packet): MasterReply | undefined =>
  body._tag === "MasterAnswer" ? body.reply : undefined
