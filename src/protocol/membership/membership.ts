/**
 * Who is to vote: what a leader knows of those outside of its configuration, and when it asks for a ballot
 * with other acceptors. Plain values in and out; the leader core does the rest.
 */
import { type Configuration, isAcceptorOf } from "../configuration.ts"
import { type Ballot, type NodeId, type Replica, type Slot, sameReplica, slotPlus } from "../ids.ts"
import { isHandingOver, type LeaderState, type Serving } from "../leader/state.ts"
import { keepsUp, nobodyHas, type Seen, seenAsking } from "./keeping-up.ts"

export interface MembershipSettings {
  /** How many acceptors the group is to have. */
  readonly size: number
  readonly minAcceptors: number
  /** Nodes that may be made acceptors, the preferred ones first. */
  readonly joins: ReadonlyArray<NodeId>
  /** How long a replica must have kept up before it is taken in, in milliseconds. */
  readonly joinAfterMs: number
  /** Whoever has not asked for so long has stopped asking, in milliseconds. */
  readonly forgetAfterMs: number
  /** How long the way to a ballot may take before its newcomers are given up, in milliseconds. */
  readonly stuckAfterMs: number
  /** The least time between two attempts to change the acceptors, in milliseconds. */
  readonly retryAfterMs: number
}

export const defaultMembershipSettings = {
  joinAfterMs: 300,
  forgetAfterMs: 10_000,
  stuckAfterMs: 1000,
  retryAfterMs: 500
}

/** How often a node left the configuration lately: one that flaps waits longer each time. */
interface Leaving {
  readonly times: number
  readonly atMs: number
}

/** What the master keeps of a group beside its configuration, as it said in a ballot of this leader. */
export interface Standing {
  readonly minAcceptors: number
  readonly drained: ReadonlyArray<NodeId>
  readonly drains: number
}

export interface MembershipState {
  readonly settings: MembershipSettings
  readonly seen: ReadonlyMap<NodeId, Seen>
  readonly leavings: ReadonlyMap<NodeId, Leaving>
  /** What was chosen a little while ago: who has that keeps up. */
  readonly chosenBefore: Slot
  /** What is to take its place, and since when it is known. */
  readonly sample: { readonly chosen: Slot; readonly atMs: number }
  readonly configuration: Configuration | undefined
  readonly standing: Standing | undefined
  /** When the master was asked last, and when other acceptors. */
  readonly askedAtMs: number
  readonly triedAtMs: number
  /** The ballot on its way, and since when. */
  readonly onTheWay:
    | { readonly ballot: Ballot; readonly acceptors: ReadonlyArray<Replica>; readonly sinceMs: number }
    | undefined
}

export type MembershipAction =
  | { readonly _tag: "Nothing" }
  /** What the master keeps must be known first. */
  | { readonly _tag: "ReadMaster" }
  | { readonly _tag: "Reconfigure"; readonly acceptors: ReadonlyArray<Replica> }
  | { readonly _tag: "HandOver"; readonly to: Replica }
  /** The master is to keep in mind whether a node is drained. */
  | { readonly _tag: "Drain"; readonly node: NodeId; readonly drained: boolean; readonly drains: number }

export interface MembershipStep {
  readonly state: MembershipState
  readonly action: MembershipAction
}

const nothing: MembershipAction = { _tag: "Nothing" }
/** Who is behind by no more than what is chosen in this time, or twice that, keeps up. */
const behindMs = 100
const longAgo = Number.NEGATIVE_INFINITY

export const freshMembership = (settings: MembershipSettings): MembershipState => ({
  settings,
  seen: new Map(),
  leavings: new Map(),
  chosenBefore: nobodyHas,
  sample: { chosen: nobodyHas, atMs: longAgo },
  configuration: undefined,
  standing: undefined,
  askedAtMs: longAgo,
  triedAtMs: longAgo,
  onTheWay: undefined
})

/** Somebody asked this node for what is chosen from a slot on: it has what is before. */
export const noteAsked = (
  state: MembershipState,
  replica: Replica,
  fromSlot: Slot,
  nowMs: number
): MembershipState => {
  if (!state.settings.joins.includes(replica.node)) return state
  const through = slotPlus(fromSlot, -1)
  const seen = seenAsking(state.seen.get(replica.node), replica, through, state.chosenBefore, nowMs)
  return { ...state, seen: new Map(state.seen).set(replica.node, seen) }
}

/** What the master said; undefined makes the next look ask it again. */
export const noteStanding = (state: MembershipState, standing: Standing | undefined): MembershipState => ({
  ...state,
  standing
})

/**
 * Looks at what the leader of this replica does, and says what is to be done. `misses` tells whom the failure
 * detector does not count on; `nowMs` is monotonic.
 */
export const lookAtMembers = (
  state: MembershipState,
  leader: LeaderState,
  misses: (replica: Replica) => boolean,
  nowMs: number
): MembershipStep => {
  if (leader._tag === "Serving") return serving(state, leader, misses, nowMs)
  const sample = { chosen: nobodyHas, atMs: longAgo }
  const rest = { ...state, chosenBefore: nobodyHas, sample, standing: undefined }
  if (leader._tag === "Asking") return { state: rest, action: nothing }
  if (leader._tag !== "Deposed") return onTheWay(rest, leader, nowMs)
  return { state: { ...rest, onTheWay: undefined, configuration: undefined }, action: nothing }
}

/**
 * A ballot that does not get on is given up for one without those whom it would have taken in, for they are
 * what it waits for. Acceptors that are missed are not looked for here.
 */
const onTheWay = (
  before: MembershipState,
  { configuration, prev, self }: Exclude<LeaderState, { readonly _tag: "Deposed" | "Asking" | "Serving" }>,
  nowMs: number
): MembershipStep => {
  const { ballot, acceptors } = configuration
  const known = before.onTheWay
  const leavings = leftOf(before.leavings, known?.acceptors, configuration, nowMs)
  const way = known?.ballot === ballot ? known : { ballot, acceptors, sinceMs: nowMs }
  const state = { ...before, leavings, onTheWay: way }
  const { stuckAfterMs, minAcceptors } = state.settings
  if (nowMs - way.sinceMs < stuckAfterMs) return { state, action: nothing }
  const kept = acceptors.filter((one) => sameReplica(one, self) || isAcceptorOf(prev, one))
  if (kept.length === acceptors.length || kept.length < minAcceptors) return { state, action: nothing }
  return { state: { ...state, triedAtMs: nowMs }, action: { _tag: "Reconfigure", acceptors: kept } }
}

/** Adds those who were acceptors, or were to be, and are not. */
const leftOf = (
  leavings: ReadonlyMap<NodeId, Leaving>,
  were: ReadonlyArray<Replica> | undefined,
  configuration: Configuration,
  nowMs: number
): ReadonlyMap<NodeId, Leaving> =>
  (were ?? [])
    .filter((one) => !isAcceptorOf(configuration, one))
    .reduce((all, one) => left(all, one.node, nowMs), leavings)

const sameSet = (a: ReadonlyArray<Replica>, b: ReadonlyArray<Replica>): boolean =>
  a.length === b.length && a.every((one) => b.some((other) => sameReplica(one, other)))

const left = (
  leavings: ReadonlyMap<NodeId, Leaving>,
  node: NodeId,
  nowMs: number
): ReadonlyMap<NodeId, Leaving> => {
  const before = leavings.get(node)
  const times = before === undefined || nowMs - before.atMs > forgivenAfterMs ? 1 : before.times + 1
  return new Map(leavings).set(node, { times: Math.min(times, timesMax), atMs: nowMs })
}

/** A node that has stayed for so long is no longer held to flap. */
const forgivenAfterMs = 60_000
const timesMax = 5

const serving = (
  before: MembershipState,
  leader: Serving,
  misses: (replica: Replica) => boolean,
  nowMs: number
): MembershipStep => {
  const state = looked(before, leader, misses, nowMs)
  const { settings, standing } = state
  if (leader.next !== undefined || isHandingOver(leader)) return { state, action: nothing }
  if (standing === undefined) {
    if (nowMs - state.askedAtMs < settings.retryAfterMs) return { state, action: nothing }
    return { state: { ...state, askedAtMs: nowMs }, action: { _tag: "ReadMaster" } }
  }
  if (nowMs - state.triedAtMs < settings.retryAfterMs) return { state, action: nothing }
  const successor = successorOf(leader, standing, misses)
  if (successor !== undefined) {
    return { state: { ...state, triedAtMs: nowMs }, action: { _tag: "HandOver", to: successor } }
  }
  const acceptors = wanted(state, leader.configuration, standing, misses, nowMs)
  if (acceptors === undefined) return { state, action: nothing }
  // What the master keeps may have changed: if it refuses, it is asked before the next attempt.
  return {
    state: { ...state, triedAtMs: nowMs, standing: undefined },
    action: { _tag: "Reconfigure", acceptors }
  }
}

/** Who keeps up by now, and who left since the last look. */
const looked = (
  state: MembershipState,
  leader: Serving,
  misses: (replica: Replica) => boolean,
  nowMs: number
): MembershipState => {
  const { configuration } = leader
  const seen = new Map<NodeId, Seen>()
  for (const [node, one] of state.seen) {
    const isThere = nowMs - one.askedAtMs <= state.settings.forgetAfterMs && !misses(one.replica)
    const isOutside = !isAcceptorOf(configuration, one.replica)
    const isSteady = isThere && isOutside && keepsUp(one, state.chosenBefore, nowMs)
    seen.set(node, { ...one, steadySinceMs: isSteady ? (one.steadySinceMs ?? nowMs) : undefined })
  }
  const were = [...(state.configuration?.acceptors ?? []), ...(state.onTheWay?.acceptors ?? [])]
  const gone = were.filter((one, index) => were.findIndex(({ node }) => node === one.node) === index)
  const leavings = leftOf(state.leavings, gone, configuration, nowMs)
  const isOld = nowMs - state.sample.atMs >= behindMs
  const sampled = isOld
    ? { chosenBefore: state.sample.chosen, sample: { chosen: leader.chosen, atMs: nowMs } }
    : {}
  return { ...state, seen, leavings, configuration, ...sampled, onTheWay: undefined }
}

/**
 * The acceptors that the group should have now; undefined where nobody is to be taken in or drained. Whoever
 * is missed is left out on the occasion, but is no reason by itself: it is retired elsewhere.
 */
const wanted = (
  state: MembershipState,
  { acceptors: present, leader }: Configuration,
  { minAcceptors, drained }: Standing,
  misses: (replica: Replica) => boolean,
  nowMs: number
): ReadonlyArray<Replica> | undefined => {
  const there = present.filter((one) => sameReplica(one, leader) || !misses(one))
  const next = there.filter((one) => sameReplica(one, leader) || !drained.includes(one.node))
  for (const node of state.settings.joins) {
    // A leader that is drained has to have a successor before it can go.
    if (next.filter((one) => !drained.includes(one.node)).length >= state.settings.size) break
    if (drained.includes(node) || next.some((one) => one.node === node)) continue
    const steady = steadyReplica(state, node, nowMs)
    if (steady !== undefined) next.push(steady)
  }
  // Rather one that is drained than too few.
  for (const one of there) {
    if (next.length >= minAcceptors) break
    if (!next.some((other) => other.node === one.node)) next.push(one)
  }
  return next.length < minAcceptors || sameSet(next, there) ? undefined : next
}

/** To whom a leader that is drained hands over; undefined where it is not, or nobody can lead. */
const successorOf = (
  { configuration, self }: Serving,
  { drained }: Standing,
  misses: (replica: Replica) => boolean
): Replica | undefined =>
  drained.includes(self.node)
    ? configuration.acceptors.find((one) => !drained.includes(one.node) && !misses(one))
    : undefined

/** The replica of a node that keeps up, and has for long enough; or, if told so, that does now. */
export const steadyReplica = (
  { seen, leavings, settings }: MembershipState,
  node: NodeId,
  nowMs: number,
  atOnce = false
): Replica | undefined => {
  const one = seen.get(node)
  if (one?.steadySinceMs === undefined) return undefined
  if (atOnce) return one.replica
  const leaving = leavings.get(node)
  const isForgiven = leaving === undefined || nowMs - leaving.atMs > forgivenAfterMs
  const waitMs = settings.joinAfterMs * (isForgiven ? 1 : 2 ** leaving.times)
  return nowMs - one.steadySinceMs >= waitMs ? one.replica : undefined
}
