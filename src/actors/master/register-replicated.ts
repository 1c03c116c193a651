/** The master's register on several nodes: each operation is an attempt that a majority of them settles. */
import { Effect, Option, Random } from "effect"
import type { GroupId, Replica } from "../../protocol/ids.ts"
import {
  type Attempt,
  type AttemptStep,
  attemptStep,
  beginAttempt,
  type FromKeeper,
  type Operation,
  type Outcome,
  type ToKeeper
} from "../../protocol/master/cas-paxos.ts"
import { emptyMaster } from "../../protocol/master/master.ts"
import { knob } from "../../runtime/buggify.ts"
import type { Packet } from "../../wire/packet.ts"
import type { NodeContext } from "../node/context.ts"
import type { KeeperRole } from "./keeper.ts"
import type { KeeperStore } from "./keeper-store.ts"
import type { Register, Versioned } from "./register.ts"
import { RegisterUnavailable, RegisterUnreadable } from "./register-errors.ts"
import { masterOfText, masterText } from "./state.ts"

/** After how long without a majority an attempt is begun again: answers may be lost. */
const attemptMs = knob("register-attempt-ms", 100, { min: 10, max: 400 })
/** Those who outbid each other wait, each for a time that it draws. */
const backoffMaxMs = knob("register-backoff-ms", 20, { min: 1, max: 100 })
/** An operation is given up after this time. */
const operationMaxMs = 1000

interface Pending {
  attempt: Attempt
  readonly settle: (step: AttemptStep) => void
}

export interface ReplicatedRegister {
  readonly register: Register
  /** Takes what keepers ask and say. */
  readonly take: (packet: Packet) => void
}

/** The attempts of this node that are under way. */
const makeAttempts = (context: NodeContext, keeper: KeeperRole, proposer: string) => {
  const { self } = context
  const pending = new Map<string, Pending>()

  const send = (group: GroupId, ask: ToKeeper): void => {
    for (const { replica } of ask.seats)
      if (replica.node !== self.node) context.toNode(replica.node, group, { _tag: "KeeperAsked", ask })
    keeper.answer(group, ask, (answer) => hear(self, group, answer))
  }

  const hear = (from: Replica, group: GroupId, answer: FromKeeper): void => {
    const one = pending.get(`${group}/${answer.ticket.number}`)
    if (one === undefined || answer.ticket.proposer !== proposer) return
    const step = attemptStep(one.attempt, from, answer)
    if (step._tag !== "Going") return one.settle(step)
    one.attempt = step.attempt
    if (step.ask !== undefined) send(group, step.ask)
  }

  /** Undefined where no majority answered in time. */
  const attemptOnce = (group: GroupId, attempt: Attempt): Effect.Effect<AttemptStep | undefined> => {
    const key = `${group}/${attempt.ask.ticket.number}`
    const answered = Effect.callback<AttemptStep>((resume) => {
      pending.set(key, { attempt, settle: (step) => resume(Effect.succeed(step)) })
      send(group, attempt.ask)
    })
    return answered.pipe(
      Effect.timeoutOption(attemptMs.value),
      Effect.map(Option.getOrUndefined),
      Effect.ensuring(Effect.sync(() => pending.delete(key)))
    )
  }

  return { hear, attemptOnce }
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
  const { hear, attemptOnce } = makeAttempts(context, keeper, proposer)
  /** The highest number seen of any ticket, by group. */
  const highest = new Map<GroupId, number>()

  const settle = Effect.fnUntraced(function* (
    group: GroupId,
    operation: Operation
  ): Effect.fn.Return<Outcome, RegisterUnavailable> {
    const untilMs = nowMs() + operationMaxMs
    let peeks = true
    while (keeper.isOpen && nowMs() < untilMs) {
      const number = (highest.get(group) ?? store.keptOf(group).promised.number) + 1
      highest.set(group, number)
      const attempt = beginAttempt(operation, { number, proposer }, store.seats, peeks)
      const step = yield* attemptOnce(group, attempt)
      if (step === undefined) continue
      if (step._tag === "Settled") return step.outcome
      if (step._tag === "Going") continue
      peeks = false
      highest.set(group, Math.max(highest.get(group)!, step.above))
      keeper.adopt(step.seats)
      if (step.isOutbid) yield* Effect.sleep((yield* Random.next) * backoffMaxMs.value)
    }
    return yield* new RegisterUnavailable({ withinMs: operationMaxMs })
  })

  const take = ({ from, group, body }: Packet): void => {
    if (body._tag === "KeeperAsked") {
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
