/** The way from a node to the master: one of several asked at a time, and the next where nobody answers. */
import { Clock, Context, Effect } from "effect"
import type { Ballot, GroupId, NodeId, Replica } from "../../protocol/ids.ts"
import type { MasterReply, MasterRequest } from "../../protocol/messages.ts"
import { Alarm, type AlarmShape } from "../../runtime/alarm.ts"
import type { BusShape } from "../../runtime/bus/port.ts"
import { subscribed } from "../../runtime/bus/subscribed.ts"
import { readMonotonicMs } from "../../runtime/monotonic.ts"
import type { Packet, PacketCodec } from "../../wire/packet.ts"
import type { Subjects } from "../../wire/subjects.ts"
import { Pace } from "./pace.ts"

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
  /** How long the nearest master takes to tell what is, in milliseconds; 0 until that is known. */
  readonly paceMs: () => number
}

/**
 * A master that has not answered in this time may be gone, or without a majority: the least and the most. It
 * has one round more than it takes, as long as rounds took it lately.
 */
const nextAfterMs = { min: 100, max: 2000 }
const roundsOfLook = 1
const roundsOfChange = 3
/** How often each of them is asked before the question is given up. */
const roundsMax = 2

/**
 * So many questions are on their way at a time, and the others wait for their turn: masters that were asked
 * about a thousand groups at once would answer each too late, and be asked again.
 */
const onTheirWayMax = 16
/** So many of those that are over are kept in mind. */
const pastMax = 64

/** One question, from when it is posed to when it is answered or given up. */
interface Question {
  readonly group: GroupId
  readonly request: MasterRequest
  readonly done: (reply: MasterReply | undefined) => void
  /** What follows is settled when its turn comes. */
  bytes: Uint8Array
  /** Where the answer goes; empty while it waits for its turn. */
  subject: string
  /** The master that was asked first, and how many were asked so far. */
  start: number
  tries: number
  /** When each master was asked that has yet to answer, once for each time. */
  readonly askedAtMs: Map<NodeId, Array<number>>
  /** Withdraws the alarm for the next try. */
  withdraw: () => void
}

const nothing = new Uint8Array(0)
const noAlarm = (): void => {}

/** Poses questions: so many at a time, each to one master after the other. No fiber waits for an answer. */
class Questions {
  readonly #options: MasterLineOptions
  readonly #inbox: string
  readonly #alarms: AlarmShape
  readonly #nowMs: () => number
  readonly #onTheirWay = new Map<string, Question>()
  readonly #waiting = new Set<Question>()
  /** Answered or given up, by subject: late answers tell how far away a master is. */
  readonly #past = new Map<string, Question>()
  readonly #paces = new Map<NodeId, Pace>()
  readonly #counted = { changes: 0, reads: 0 }
  #asked = 0
  #isClosed = false
  /** The master to begin with: this node's own, or else the one that answered last. */
  #first: number

  constructor(options: MasterLineOptions, inbox: string, alarms: AlarmShape, nowMs: () => number) {
    this.#options = options
    this.#inbox = inbox
    this.#alarms = alarms
    this.#nowMs = nowMs
    this.#first = Math.max(0, options.masters.indexOf(options.self.node))
  }

  get counted(): MasterRequests {
    return { ...this.#counted }
  }

  get paceMs(): number {
    const known = [...this.#paces.values()].filter(({ ms }) => ms > 0)
    return known.length === 0 ? 0 : Math.min(...known.map(({ ms }) => ms))
  }

  /** `done` is called once, unless the question is dropped before; possibly before this returns. */
  pose(group: GroupId, request: MasterRequest, done: Question["done"]): Question {
    const idle = { bytes: nothing, subject: "", start: 0, tries: 0, withdraw: noAlarm }
    const question: Question = { group, request, done, ...idle, askedAtMs: new Map() }
    if (this.#isClosed) done(undefined)
    else if (this.#onTheirWay.size < onTheirWayMax) this.#begin(question)
    else this.#waiting.add(question)
    return question
  }

  /** Nobody wants the answer any more. */
  drop(question: Question): void {
    if (this.#waiting.delete(question)) return
    question.withdraw()
    if (this.#onTheirWay.delete(question.subject)) this.#beginNext()
  }

  /** An answer, or what looks like one: another's, or one that is late. */
  answered(subject: string, by: NodeId, reply: MasterReply | undefined): void {
    const question = this.#onTheirWay.get(subject) ?? this.#past.get(subject)
    if (question === undefined || reply?.requestId !== question.request.requestId) return
    this.#learn(question, by)
    if (!this.#onTheirWay.has(subject)) return
    const { masters, self } = this.#options
    // A late answer may be another one's: whoever answers at once will be asked again.
    if (!masters.includes(self.node)) this.#first = (question.start + question.tries - 1) % masters.length
    this.#finish(question, reply)
  }

  /** Nobody listens where it was sent last. */
  nobodyListens(subject: string): void {
    const question = this.#onTheirWay.get(subject)
    if (question === undefined) return
    question.withdraw()
    this.#try(question)
  }

  /** Gives up all, for good. */
  close(): void {
    this.#isClosed = true
    const all = [...this.#onTheirWay.values(), ...this.#waiting]
    this.#waiting.clear()
    for (const question of all) this.#finish(question, undefined)
  }

  #begin(question: Question): void {
    const { codec, self, promised } = this.#options
    const { group, request } = question
    if (request._tag === "ReadMaster") this.#counted.reads += 1
    else this.#counted.changes += 1
    question.subject = `${this.#inbox}.${(this.#asked += 1)}`
    question.bytes = codec.encode(self, group, { _tag: "MasterAsk", request, promised: promised(group) })
    question.start = this.#first
    this.#onTheirWay.set(question.subject, question)
    this.#try(question)
  }

  #beginNext(): void {
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    this.#begin(next)
  }

  #try(question: Question): void {
    const { bus, subjects, masters } = this.#options
    if (question.tries === roundsMax * masters.length) return this.#finish(question, undefined)
    const master = masters[(question.start + question.tries++) % masters.length]!
    const asked = question.askedAtMs.get(master) ?? []
    question.askedAtMs.set(master, [...asked, this.#nowMs()])
    question.withdraw = this.#alarms.after(this.#patienceMs(master, question), () => this.#try(question))
    bus.publish(subjects.master(master), question.bytes, question.subject)
  }

  #patienceMs(master: NodeId, { request }: Question): number {
    const paceMs = this.#paces.get(master)?.ms ?? 0
    const rounds = 1 + (request._tag === "ReadMaster" ? roundsOfLook : roundsOfChange)
    return Math.min(Math.max(nextAfterMs.min, rounds * paceMs), nextAfterMs.max)
  }

  /**
   * Looks take the same each time. A change is three rounds, or one where it was made before; it tells
   * something to who never looks.
   */
  #learn({ request, askedAtMs }: Question, by: NodeId): void {
    const sinceMs = askedAtMs.get(by)?.shift()
    const known = this.#paces.get(by)
    const isLook = request._tag === "ReadMaster"
    if (sinceMs === undefined || (!isLook && known !== undefined)) return
    const pace = known ?? new Pace()
    this.#paces.set(by, pace)
    const tookMs = this.#nowMs() - sinceMs
    pace.took(isLook ? tookMs : tookMs / roundsOfChange)
  }

  #finish(question: Question, reply: MasterReply | undefined): void {
    this.drop(question)
    if (this.#past.size >= pastMax) this.#past.delete(this.#past.keys().next().value!)
    if (question.subject !== "") this.#past.set(question.subject, question)
    question.done(reply)
  }
}

/** Prepares to ask; it ends with the scope. */
export const makeMasterLine = Effect.fnUntraced(function* (options: MasterLineOptions) {
  const { bus, codec } = options
  const inbox = yield* bus.newInbox
  const context = yield* Effect.context<never>()
  const clock = Context.get(context, Clock.Clock)
  const nowMs = () => readMonotonicMs(clock)
  const questions = new Questions(options, inbox, Context.get(context, Alarm)(context), nowMs)
  yield* Effect.addFinalizer(() => Effect.sync(() => questions.close()))
  yield* subscribed(bus, `${inbox}.*`, {
    onMessage: (payload, subject) => {
      const packet = codec.decode(payload)
      if (typeof packet !== "string") questions.answered(subject, packet.from.node, replyIn(packet))
    },
    onNoResponders: (subject) => questions.nobodyListens(subject)
  })
  const underWay = new Set<string>()
  const line: MasterLine = {
    ask: (group, request) =>
      Effect.callback((resume) => {
        const question = questions.pose(group, request, (reply) => resume(Effect.succeed(reply)))
        return Effect.sync(() => questions.drop(question))
      }),
    tell: (group, request, take) => {
      const key = `${group}/${request._tag}/${request.requestId}`
      if (underWay.has(key)) return
      underWay.add(key)
      questions.pose(group, request, (reply) => {
        underWay.delete(key)
        if (reply !== undefined) take(reply)
      })
    },
    requests: () => questions.counted,
    paceMs: () => questions.paceMs
  }
  return line
})

const replyIn = ({ body }: Packet): MasterReply | undefined =>
  body._tag === "MasterAnswer" ? body.reply : undefined
