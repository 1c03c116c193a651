/**
 * What a leader does about its acceptors: who is missed, or keeps everybody waiting, is retired; where that
 * is refused, or the ballot is not active yet, it takes a ballot without it.
 */
import { Effect } from "effect"
import { originOf } from "../../protocol/configuration.ts"
import { type Ballot, type Replica, sameReplica } from "../../protocol/ids.ts"
import type { LeaderState, Serving } from "../../protocol/leader/state.ts"
import { lookAtWaits, slowest, type Waits } from "../../protocol/liveness/backups.ts"
import { survivorsOf } from "../../protocol/liveness/candidacy.ts"
import type { ActorContext } from "../../runtime/actor-handle.ts"
import { attemptMs, type CandidateOptions, newToken } from "./candidate-options.ts"

/** While something is under way or waited for, it looks this often. */
const watchEveryMs = 100
/**
 * How many answers of the master put an end to the doubt about a request that it has not answered: the
 * request may have been late, too.
 */
const readsOfDoubt = 3
/** At most one slow backup is taken out in this time: a bus that is slow makes everybody slow. */
const slowDropEveryMs = 10_000

/** One that leads, or is on its way to. */
type Leading = Exclude<LeaderState, { readonly _tag: "Deposed" }>

interface Drop {
  readonly acceptor: Replica
  /** It is there, but keeps everybody waiting. */
  readonly isSlow: boolean
}

/** The acceptors that a leader has, or has asked for. */
const acceptorsOf = (state: Leading): ReadonlyArray<Replica> => {
  if (state._tag !== "Asking") return state.configuration.acceptors
  return state.request._tag === "NewBallot" ? state.request.acceptors : []
}

/** For how long whom has been waited for, in the ballot of now. */
const looking = (nowMs: () => number) => {
  let waits: Waits | undefined
  let ballot: Ballot | undefined
  return (state: LeaderState): Waits | undefined => {
    if (state._tag !== "Serving" && state._tag !== "Carrying") return undefined
    const before = ballot === state.configuration.ballot ? waits : undefined
    ballot = state.configuration.ballot
    waits = lookAtWaits(before, state, nowMs(), 4 * watchEveryMs)
    return waits
  }
}

/** The answer to a retirement was lost: it may have been done all the same. Whether the master told. */
const readActive = Effect.fnUntraced(function* ({ context, group, toLeader }: CandidateOptions) {
  const reply = yield* context.master.ask(group, { _tag: "ReadMaster", requestId: "read" })
  if (reply !== undefined) toLeader({ _tag: "FromMaster", reply })
  return reply !== undefined
})

/** A leader whose own disk keeps everybody waiting leaves the lead to one that keeps up. */
const handOver = ({ context, group, toLeader }: CandidateOptions, state: Leading, waits: Waits): void => {
  const { self } = context
  const to = acceptorsOf(state).find((acceptor) => !waits.of.has(acceptor.node))
  if (to === undefined || state._tag === "Asking") return
  if (state._tag === "Serving") return toLeader({ _tag: "HandOver", to })
  // It has nothing to finish, and its disk would hold up the next ballot, too.
  const acceptors = acceptorsOf(state).filter((acceptor) => !sameReplica(acceptor, self))
  const configuration = { ...state.configuration, acceptors }
  context.toNode(to.node, group, { _tag: "TakeOver", configuration })
}

/**
 * What a replica does that leads, or is on its way to. It is uneasy while the master is to be read about a
 * retirement that was not answered.
 */
export const tending = (options: CandidateOptions, nowMs: () => number) => {
  const { context, group, detector } = options
  const { slowBackupMs } = options.times
  const { self } = context
  const look = looking(nowMs)
  let waits: Waits | undefined
  /** Answers of the master that are still wanted, since one was missed. */
  let doubts = 0
  let slowDroppedAtMs = Number.NEGATIVE_INFINITY
  /** The ballot that stood in the way of a retirement, and when that was seen first. */
  let rival: { readonly ballot: Ballot; readonly sinceMs: number } | undefined

  /** The acceptor to be dropped now, and why; undefined where all is well. */
  const toDrop = (state: Leading): Drop | undefined => {
    waits = look(state)
    const acceptors = acceptorsOf(state)
    const missed = acceptors.find((acceptor) => !sameReplica(acceptor, self) && detector.misses(acceptor))
    if (missed !== undefined) return { acceptor: missed, isSlow: false }
    const isSoon = state._tag === "Serving" && nowMs() - slowDroppedAtMs < slowDropEveryMs
    if (waits === undefined || isSoon) return undefined
    const node = slowest(waits, slowBackupMs)
    const slow = acceptors.find((acceptor) => acceptor.node === node)
    return slow && { acceptor: slow, isSlow: true }
  }

  const takeBallotWithout = Effect.fnUntraced(function* (state: Leading, dropped: Replica) {
    const gone = (one: Replica) => detector.misses(one) || sameReplica(one, dropped)
    const acceptors = acceptorsOf(state).filter((one) => sameReplica(one, self) || !gone(one))
    options.toLeader({ _tag: "Reconfigure", token: yield* newToken(self), acceptors })
  })

  const retire = Effect.fnUntraced(function* (state: Serving, acceptor: Replica) {
    const { configuration } = state
    const origin = originOf(configuration)
    const requestId = `${state.token}/retire/${acceptor.node}/${origin.generation}`
    const reply = yield* context.master.ask(group, { _tag: "Retire", requestId, origin, acceptor })
    doubts = reply === undefined ? readsOfDoubt : 0
    if (reply === undefined) return
    options.toLeader({ _tag: "FromMaster", reply })
    if (reply._tag !== "Refused") {
      rival = undefined
      return
    }
    const standing = yield* context.master.ask(group, { _tag: "ReadMaster", requestId: "read" })
    if (standing?._tag !== "MasterRead" || standing.latest <= configuration.ballot) return
    const survivors = survivorsOf(configuration, self, detector.misses)
    if (survivors.length < standing.minAcceptors) return
    // Whoever was issued that ballot may be about to lead with it; if not, it is in the way for ever.
    if (rival?.ballot !== standing.latest) rival = { ballot: standing.latest, sinceMs: nowMs() }
    else if (nowMs() - rival.sinceMs >= attemptMs(options)) yield* takeBallotWithout(state, acceptor)
  })

  /** As long as the master does not answer, it may have done what it was asked for. */
  const resolve = Effect.gen(function* () {
    if (yield* readActive(options)) doubts--
  })

  const lookNow = ({ timers }: ActorContext<"look">): Effect.Effect<void> | undefined => {
    const state = options.leader()
    if (state._tag === "Deposed") return undefined
    const drop = toDrop(state)
    if (state._tag !== "Serving" || drop !== undefined || (waits?.of.size ?? 0) > 0)
      timers.set("watch", watchEveryMs, "look")
    if (drop === undefined) return state._tag === "Serving" && doubts > 0 ? resolve : undefined
    if (drop.isSlow && state._tag === "Serving") slowDroppedAtMs = nowMs()
    if (sameReplica(drop.acceptor, self)) return void handOver(options, state, waits!)
    return state._tag === "Serving" ? retire(state, drop.acceptor) : takeBallotWithout(state, drop.acceptor)
  }
  return { look: lookNow, isUneasy: () => doubts > 0 }
}
