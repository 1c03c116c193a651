/**
 * Sees to it that a group is led: begins it, takes the lead when the leader is missed, drops acceptors that
 * are missed. Acts on suspicion at once, and looks around whenever it is told to, for all that was lost on
 * the way.
 */
import { Effect, Random } from "effect"
import { NodeId, noBallot, type Replica, sameReplica } from "../../protocol/ids.ts"
import {
  type CandidacySettings,
  type Decision,
  decide,
  type Vacancy
} from "../../protocol/liveness/candidacy.ts"
import type { ActorContext } from "../../runtime/actor-handle.ts"
import { spawnBatch } from "../../runtime/actor-spawn.ts"
import { crash } from "../../runtime/supervisor.ts"
import { MasterStateLost } from "../master/register-errors.ts"
import { attemptMs, type CandidateOptions, newToken, staggerMs } from "./candidate-options.ts"
import { strandedNotice } from "./stranded.ts"
import { tending } from "./tend.ts"

/** Nothing but a reason to look. */
type Message = "look"

/** Until a group is begun, its first acceptor waits for the names of the others only. */
const bootstrapRetryMs = 50
/** Of a group that another one is to begin it hears soon enough: it looks this many times less often. */
const beginnerLooks = 4
/** A replica outside of the configuration has nothing to decide: it looks this many times less often. */
const outsiderLooks = 8

/** Times that follow from the configuration of the node, and from how far away the masters are. */
const candidacyOf = (options: CandidateOptions): CandidacySettings => ({
  staggerMs: staggerMs(options),
  attemptMs: attemptMs(options),
  leaderlessMs: 4 * options.times.failureTimeoutMs
})

/**
 * Spawns the candidate of a group. `look` has it look at once, and is to be called now and then, for as long
 * as `isUneasy` at the least: it has no timer for that. It runs until the scope closes.
 */
export const spawnCandidate = Effect.fnUntraced(function* (options: CandidateOptions) {
  const { detector, leader } = options
  const { monotonicMs: nowMs } = options.context
  const seek = seeking(options, nowMs)
  const tend = tending(options, nowMs)
  const actor = yield* spawnBatch<Message>({
    name: options.name,
    supervision: crash,
    onStart: ({ self }) => {
      self.offerControlUnsafe("look")
    },
    receive: (_batch, context) => (leader()._tag === "Deposed" ? seek(context) : tend.look(context))
  })
  const look = () => {
    actor.offerControlUnsafe("look")
  }
  const withdraw = detector.onSuspect(look)
  yield* Effect.addFinalizer(() => Effect.sync(withdraw))
  return { actor, look, isUneasy: tend.isUneasy }
})

/** What a replica does that leads nothing. */
const seeking = (options: CandidateOptions, nowMs: () => number) => {
  const { context, group, detector, heard, settings } = options
  const { self } = context
  const noteStranded = strandedNotice(options)
  let vacancy: Vacancy | undefined
  let counted = -1
  let heardAtMs = nowMs()
  let skip = 0

  /** Whether there is a reason to ask the master: nothing is heard of a leader, or of its node. */
  const isInDoubt = (): boolean => {
    const state = options.leader()
    // Who has just handed over is still the leader that the master names.
    if (state._tag === "Deposed" && nowMs() < (state.leavesUntilMs ?? 0)) return false
    const { count, leader } = heard
    const isLed = count !== counted
    counted = count
    if (isLed) {
      heardAtMs = nowMs()
      skip = 0
    }
    if (isLed && leader !== undefined && !sameReplica(leader, self) && !detector.misses(leader)) {
      vacancy = undefined
      return false
    }
    return skip-- <= 0
  }

  const act = Effect.fnUntraced(function* (
    decision: Decision,
    { self: actor, timers }: ActorContext<Message>
  ) {
    vacancy = "vacancy" in decision ? decision.vacancy : undefined
    switch (decision._tag) {
      case "Rest":
        return
      case "Bootstrap":
        if (options.first.acceptors[0] !== self.node) {
          skip = beginnerLooks
          return
        }
        if (yield* bootstrap(options)) actor.offerControlUnsafe("look")
        else timers.set("again", bootstrapRetryMs, "look")
        return
      case "StandBy":
        return timers.set("turn", Math.max(1, decision.vacancy.dueAtMs - nowMs()), "look")
      case "Campaign": {
        const token = yield* newToken(self)
        return options.toLeader({ _tag: "Start", token, acceptors: decision.acceptors, settings })
      }
    }
  })

  return (actorContext: ActorContext<Message>): Effect.Effect<void> | undefined => {
    if (!isInDoubt()) return undefined
    return Effect.gen(function* () {
      const reply = yield* context.master.ask(group, { _tag: "ReadMaster", requestId: "read" })
      if (reply?._tag !== "MasterRead" || options.leader()._tag !== "Deposed") return
      const { active } = reply
      const isOutside = active?.acceptors.some((acceptor) => sameReplica(acceptor, self)) === false
      skip = isOutside ? outsiderLooks : 0
      if (active !== undefined && isOutside) yield* noteStranded(active)
      const { misses } = detector
      const quietMs = nowMs() - heardAtMs
      const jitter = yield* Random.next
      const view = { self, standing: reply, misses, quietMs, vacancy, nowMs: nowMs(), jitter }
      yield* act(decide(view, candidacyOf(options)), actorContext)
    })
  }
}

/** Only once every acceptor has said which storage it has: a configuration names replicas, not processes. */
const bootstrap = Effect.fnUntraced(function* (options: CandidateOptions) {
  const { context, presence, group } = options
  const acceptors: Array<Replica> = []
  for (const name of options.first.acceptors) {
    const replica = presence.replicaOf(NodeId(name))
    if (replica === undefined) {
      presence.lookFor()
      return false
    }
    acceptors.push(replica)
  }
  // All of them have been heard: a group of which one has promised a ballot has begun before.
  const ballot = presence.promisedOf(group)
  if (ballot > noBallot) {
    options.onFailure(new MasterStateLost({ group, ballot }))
    return false
  }
  const reply = yield* context.master.ask(group, {
    _tag: "Bootstrap",
    requestId: "bootstrap",
    leader: context.self,
    acceptors,
    minAcceptors: options.first.minAcceptors
  })
  return reply?._tag === "Activated"
})
