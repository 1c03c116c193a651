/** The master's register on several nodes: each operation is an attempt that a majority of them settles. */
import { Effect, Random } from "effect"
import type { GroupId, Replica } from "../../protocol/ids.ts"
import {
  type Attempt,
  type AttemptStep,
  attemptStep,
  beginAttempt,
  type FromKeeper,
  type Kept,
  type Operation,
  type Outcome,
  sameTicket,
  type Ticket,
  type ToKeeper
} from "../../protocol/master/cas-paxos.ts"
import { emptyMaster } from "../../protocol/master/master.ts"
import { knob } from "../../runtime/buggify.ts"
import type { Packet } from "../../wire/packet.ts"
import type { NodeContext } from "../node/context.ts"
import type { KeeperRole } from "./keeper.ts"
import type { KeeperStore } from "./keeper-store.ts"
import { Pace } from "./pace.ts"
import type { Register, Versioned } from "./register.ts"
import { RegisterUnavailable, RegisterUnreadable } from "./register-errors.ts"
import { masterOfText, masterText } from "./state.ts"

/** A question without answers of a majority is asked once more after this time: it may be lost, or they. */
const askAgainMs = knob("register-ask-again-ms", 100, { min: 10, max: 400 })
/** Those who outbid each other wait, each for a time that it draws. */
const backoffMaxMs = knob("register-backoff-ms", 20, { min: 1, max: 100 })
/** Who is outbid again and again waits for twice as long each time, so often at most. */
const doublingsMax = 2
/**
 * An operation is given up after this time and that of so many rounds: it takes two, and there are rivals.
 */
const operationMaxMs = 1000
const operationMaxRounds = 20

interface Pending {
  attempt: Attempt
  /** When its newest question was asked first. */
  askedAtMs: number
  readonly settle: (step: AttemptStep) => void
}

export interface ReplicatedRegister {
  readonly register: Register
  /** Takes what keepers ask and say. */
  readonly take: (packet: Packet) => void
}

/** The attempts of this node that are under way. */
const makeAttempts = (context: NodeContext, keeper: KeeperRole, proposer: string) => {
  const { self, monotonicMs: nowMs } = context
  const pending = new Map<string, Pending>()
  /** Of the rounds to a majority. */
  const pace = new Pace()

  const send = (group: GroupId, ask: ToKeeper): void => {
    for (const { replica } of ask.seats)
      if (replica.node !== self.node) context.toNode(replica.node, group, { _tag: "KeeperAsked", ask })
    keeper.answer(group, ask, (answer) => hear(self, group, answer))
  }

  const hear = (from: Replica, group: GroupId, answer: FromKeeper): void => {
    const one = pending.get(`${group}/${answer.ticket.number}`)
    if (one === undefined || answer.ticket.proposer !== proposer) return
    const step = attemptStep(one.attempt, from, answer)
    const isAnswered = step._tag === "Going" ? step.ask !== undefined : step._tag === "Settled"
    if (isAnswered) pace.took(nowMs() - one.askedAtMs)
    if (step._tag !== "Going") return one.settle(step)
    one.attempt = step.attempt
    if (step.ask === undefined) return
    one.askedAtMs = nowMs()
    send(group, step.ask)
  }

  /**
   * Asks the same question again and again: keepers give a second copy the same answer, and late answers
   * count. To begin anew instead would never come to an end where answers take longer than one waits for
   * them.
   */
  const askAgain = (key: string, group: GroupId, isOver: () => boolean): Effect.Effect<undefined> =>
    Effect.gen(function* () {
      while (keeper.isOpen && !isOver()) {
        yield* Effect.sleep(Math.max(askAgainMs.value, 2 * pace.ms))
        const waiting = pending.get(key)
        if (waiting !== undefined) send(group, waiting.attempt.ask)
      }
      return undefined
    })

  /** Undefined where no majority answered in time. */
  const attemptOnce = (
    group: GroupId,
    attempt: Attempt,
    isOver: () => boolean
  ): Effect.Effect<AttemptStep | undefined> => {
    const key = `${group}/${attempt.ask.ticket.number}`
    const answered = Effect.callback<AttemptStep>((resume) => {
      const settle = (step: AttemptStep) => resume(Effect.succeed(step))
      pending.set(key, { attempt, settle, askedAtMs: nowMs() })
      send(group, attempt.ask)
    })
    return Effect.raceFirst(answered, askAgain(key, group, isOver)).pipe(
      Effect.ensuring(Effect.sync(() => pending.delete(key)))
    )
  }

  return { hear, attemptOnce, pace }
}

/**
 * The most that one waits who was outbid: a rival needs two round trips undisturbed, and there may be
 * several.
 */
const backoffMs = ({ ms: roundMs }: Pace, outbidBefore: number): number =>
  Math.max(backoffMaxMs.value, 4 * roundMs) * 2 ** Math.min(outbidBefore, doublingsMax)

/** Claims of others that came here last, by group. Whoever outbids one that is under way wastes both. */
class Rivals {
  readonly #last = new Map<GroupId, { readonly ticket: Ticket; readonly atMs: number }>()

  heard(group: GroupId, ticket: Ticket, atMs: number): void {
    const known = this.#last.get(group)
    if (known === undefined || !sameTicket(known.ticket, ticket)) this.#last.set(group, { ticket, atMs })
  }

  /** Until when the write of the claim that is promised here has to have come; 0 where none is awaited. */
  lastsUntilMs(group: GroupId, { promised, accepted }: Kept, pace: Pace): number {
    const last = this.#last.get(group)
    if (last === undefined || !sameTicket(last.ticket, promised) || sameTicket(promised, accepted)) return 0
    return last.atMs + 2 * pace.ms
  }
}

/** The state of the master as the text of a register. */
const overText = (
  settle: (group: GroupId, operation: Operation) => Effect.Effect<Outcome, RegisterUnavailable>
): Register => ({
  read: Effect.fnUntraced(function* (group) {
    const outcome = yield* settle(group, { _tag: "Read" })
    const value = outcome._tag === "Value" ? outcome.value : undefined
    if (value === undefined) return { version: 0, state: emptyMaster() }
    const state = masterOfText(value.text)
    if (state === undefined) return yield* new RegisterUnreadable({ group })
    return { version: value.version, state } satisfies Versioned
  }),
  compareAndSet: Effect.fnUntraced(function* (group, expected, state) {
    const outcome = yield* settle(group, { _tag: "Swap", expected, text: masterText(state) })
    return outcome._tag === "Swapped"
  })
})

/** The register as seen from this node, whose keeper is one of those that decide. */
export const replicatedRegister = Effect.fnUntraced(function* (
  context: NodeContext,
  store: KeeperStore,
  keeper: KeeperRole
) {
  const { monotonicMs: nowMs } = context
  const life = `${(yield* Random.nextInt).toString(36)}${(yield* Random.nextInt).toString(36)}`
  const proposer = `${context.self.node}/${life}`
  const { hear, attemptOnce, pace } = makeAttempts(context, keeper, proposer)
  /** The highest number seen of any ticket, by group. */
  const highest = new Map<GroupId, number>()
  const rivals = new Rivals()

  const settle = Effect.fnUntraced(function* (
    group: GroupId,
    operation: Operation
  ): Effect.fn.Return<Outcome, RegisterUnavailable> {
    const begunAtMs = nowMs()
    const withinMs = () => operationMaxMs + operationMaxRounds * pace.ms
    const isOver = () => nowMs() >= begunAtMs + withinMs()
    let peeks = true
    let disagreed = 0
    let outbid = 0
    while (keeper.isOpen && !isOver()) {
      const claims = operation._tag === "Swap" || !peeks
      const waitMs = claims ? rivals.lastsUntilMs(group, store.keptOf(group), pace) - nowMs() : 0
      if (waitMs > 0) yield* Effect.sleep(waitMs + (yield* Random.next) * 2 * pace.ms)
      const number = (highest.get(group) ?? store.keptOf(group).promised.number) + 1
      highest.set(group, number)
      const attempt = beginAttempt(operation, { number, proposer }, store.seats, peeks)
      const step = yield* attemptOnce(group, attempt, isOver)
      if (step === undefined) continue
      if (step._tag === "Settled") return step.outcome
      if (step._tag === "Going") continue
      peeks = step.isOutbid || disagreed++ === 0
      highest.set(group, Math.max(highest.get(group)!, step.above))
      keeper.adopt(step.seats)
      // Keepers that do not agree are perhaps about to: what is under way arrives within a round.
      yield* Effect.sleep((yield* Random.next) * (step.isOutbid ? backoffMs(pace, outbid++) : pace.ms))
    }
    return yield* new RegisterUnavailable({ withinMs: Math.round(withinMs()) })
  })

  const take = ({ from, group, body }: Packet): void => {
    if (body._tag === "KeeperAsked") {
      if (body.ask._tag === "Claim") rivals.heard(group, body.ask.ticket, nowMs())
      keeper.answer(group, body.ask, (answer, writes) =>
        context.toNode(from.node, group, { _tag: "KeeperSaid", answer, writes })
      )
    } else if (body._tag === "KeeperSaid") {
      store.raiseFloor(from, body.writes)
      hear(from, group, body.answer)
    }
  }
  const replicated: ReplicatedRegister = { register: overText(settle), take }
  return replicated
})
