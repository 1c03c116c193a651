/**
 * Keeps the acceptors of a group what they should be, where this node leads it: takes in who has caught up,
 * leaves out who is drained or gone, gives up a ballot that does not get on.
 */
import { Effect, FiberSet } from "effect"
import { GroupId, NodeId, type Replica, type Slot } from "../../protocol/ids.ts"
import type { LeaderInput } from "../../protocol/leader/input.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import {
  defaultMembershipSettings,
  freshMembership,
  lookAtMembers,
  type MembershipAction,
  type MembershipState,
  noteAsked,
  noteStanding
} from "../../protocol/membership/membership.ts"
import { operate } from "../../protocol/membership/operator.ts"
import type { MasterRequest, OperatorAnswer, OperatorRequest } from "../../protocol/messages.ts"
import { knob } from "../../runtime/buggify.ts"
import { every } from "../../runtime/every.ts"
import { type GroupConfig, sizeOf } from "../node/config.ts"
import type { NodeContext } from "../node/context.ts"
import type { Detector } from "../presence/detector.ts"
import { newToken } from "./candidate-options.ts"

export interface MembersOptions {
  readonly context: NodeContext
  readonly group: GroupConfig
  readonly leader: () => LeaderState
  readonly toLeader: (input: LeaderInput) => void
  readonly detector: Pick<Detector, "misses">
}

const normal = defaultMembershipSettings
/** At a group that rests it looks so many times less often. */
const restingLooks = 10
// Below what a replica outside takes from one question to the next, nobody would ever seem to keep up.
const lookEveryMs = knob("members-look-ms", 100, { min: 80, max: 500 })
const joinAfterMs = knob("members-join-after-ms", normal.joinAfterMs, { min: 1, max: 500 })
const retryAfterMs = knob("members-retry-after-ms", normal.retryAfterMs, { min: 50, max: 1000 })

/** The way to a ballot may take so many times as long as the nearest master takes to tell what is. */
const stuckRounds = 10

/** What a node does about the acceptors of one group. */
export class Members {
  readonly #options: MembersOptions
  readonly #group: GroupId
  #state: MembershipState
  /** A look waits for the master's answer. While no master answers, questions would gather without end. */
  #isAsking = false

  constructor(options: MembersOptions) {
    this.#options = options
    const { group } = options
    this.#group = GroupId(group.name)
    this.#state = freshMembership({
      ...normal,
      size: sizeOf(group),
      minAcceptors: group.minAcceptors,
      joins: [...group.acceptors, ...group.spares].map((node) => NodeId(node)),
      joinAfterMs: joinAfterMs.value,
      retryAfterMs: retryAfterMs.value
    })
  }

  /** Somebody asked this node for what is chosen from a slot on. */
  asked(replica: Replica, fromSlot: Slot): void {
    this.#state = noteAsked(this.#state, replica, fromSlot, this.#options.context.monotonicMs())
  }

  /** Whether nothing is to be expected here for now: others lead it, or it is whole and silent. */
  get rests(): boolean {
    const leader = this.#options.leader()
    if (leader._tag === "Deposed") return this.#state.configuration === undefined
    if (leader._tag !== "Serving" || !leader.isSilent) return false
    return leader.configuration.acceptors.length >= this.#state.settings.size
  }

  /** Looks, and does what is to be done; an effect only where the master must be asked. */
  look(): Effect.Effect<void> | undefined {
    const { context, leader, detector } = this.#options
    this.#allowTime()
    const step = lookAtMembers(this.#state, leader(), detector.misses, context.monotonicMs())
    this.#state = step.state
    const rest = this.#act(step.action)
    if (rest === undefined || !isOfMaster(step.action)) return rest
    if (this.#isAsking) return undefined
    this.#isAsking = true
    return Effect.ensuring(
      rest,
      Effect.sync(() => {
        this.#isAsking = false
      })
    )
  }

  /** The way to a ballot has several rounds of masters in it, which may be far from each other. */
  #allowTime(): void {
    const stuckAfterMs = Math.max(normal.stuckAfterMs, stuckRounds * this.#options.context.master.paceMs())
    const { settings } = this.#state
    if (settings.stuckAfterMs === stuckAfterMs) return
    this.#state = { ...this.#state, settings: { ...settings, stuckAfterMs } }
  }

  /** What an operator asks for: moved on as far as it goes now. */
  operate(request: OperatorRequest): Effect.Effect<OperatorAnswer> {
    return Effect.gen({ self: this }, function* () {
      const { context, leader, detector } = this.#options
      const answer = () => operate(this.#state, leader(), request, detector.misses, context.monotonicMs())
      let step = answer()
      // What the master says may be all that is missing.
      for (let asks = 0; asks < 2 && isOfMaster(step.action); asks++) {
        yield* this.#act(step.action) ?? Effect.void
        step = answer()
      }
      yield* this.#act(step.action) ?? Effect.void
      return step.answer
    })
  }

  #act(action: MembershipAction): Effect.Effect<void> | undefined {
    const { context, toLeader } = this.#options
    switch (action._tag) {
      case "Nothing":
        return undefined
      case "ReadMaster":
        return this.#askMaster({ _tag: "ReadMaster", requestId: "members" })
      case "Drain": {
        const { node, drained, drains } = action
        return this.#askMaster({ _tag: "Drain", requestId: "members", node, drained, drains })
      }
      case "HandOver":
        return Effect.sync(() => toLeader({ _tag: "HandOver", to: action.to }))
      case "Reconfigure":
        return Effect.map(newToken(context.self), (token) =>
          toLeader({ _tag: "Reconfigure", token, acceptors: action.acceptors })
        )
    }
  }

  #askMaster(request: MasterRequest): Effect.Effect<void> {
    const { context, toLeader } = this.#options
    return Effect.map(context.master.ask(this.#group, request), (reply) => {
      if (reply?._tag !== "MasterRead") return
      this.#state = noteStanding(this.#state, reply)
      toLeader({ _tag: "FromMaster", reply })
    })
  }
}

const isOfMaster = ({ _tag }: MembershipAction): boolean => _tag === "ReadMaster" || _tag === "Drain"

/** Looks after all groups of a node for as long as it runs: one timer, however many groups there are. */
export const watchMembers = (groups: Iterable<{ readonly members: Members }>): Effect.Effect<never> =>
  Effect.scoped(
    Effect.gen(function* () {
      const fork = yield* FiberSet.makeRuntime<never>()
      const all = Array.from(groups, ({ members }) => members)
      let looks = 0
      let busy = all
      return yield* every(lookEveryMs.value, () => {
        looks++
        const isRound = looks % restingLooks === 0
        for (const members of isRound ? all : busy) {
          const rest = members.look()
          // The master may take its time, and be away for one group and not for another.
          if (rest !== undefined) fork(rest)
        }
        if (isRound) busy = all.filter((members) => !members.rests)
      })
    })
  )
