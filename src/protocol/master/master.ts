/**
 * The configuration master of one group (figure 5): issues ballots, activates them, retires failed acceptors.
 */
import { type Configuration, isAcceptorOf, misformed, type Origin, originOf } from "../configuration.ts"
import { Ballot, type NodeId, type Replica, sameReplica } from "../ids.ts"
import { isOneAttempt, type MasterReply, type MasterRequest } from "../messages.ts"

/**
 * A ballot handed out that is not active yet, with what it was issued against. Only the latest one can still
 * be activated.
 */
export interface Issued {
  readonly configuration: Configuration
  readonly prev: Origin
  readonly requestId: string
}

/** Small and durable: the whole of it is replaced by compare-and-set. */
export interface MasterState {
  readonly nextBallot: Ballot
  readonly active: Configuration | undefined
  readonly latest: Issued | undefined
  /** No configuration has fewer: an operator may prefer durability to going on. */
  readonly minAcceptors: number
  /** Nodes that are not to be made acceptors until an operator says so. */
  readonly drained: ReadonlyArray<NodeId>
  /** How often that has changed: whoever asks for a change knows what it changes. */
  readonly drains: number
}

export const emptyMaster = (): MasterState => ({
  nextBallot: Ballot(1),
  active: undefined,
  latest: undefined,
  minAcceptors: 1,
  drained: [],
  drains: 0
})

/** Far above what any history of one configuration reaches: what was issued or retired since never recurs. */
const broughtBackBy = 1_000_000

/**
 * What may be made of a copy of the state that is perhaps not the newest, once every acceptor of its active
 * configuration has shown that none has promised a later ballot. Then that ballot is still the active one,
 * but acceptors may have been retired from it since, and lack what was chosen without them. Its leader was
 * not: a leader cannot be retired, and has all that was ever chosen. So it votes alone until it has taken the
 * others in again.
 */
export const broughtBack = (copy: MasterState): MasterState => {
  const { active, nextBallot } = copy
  if (active === undefined) return copy
  const generation = active.generation + broughtBackBy
  return {
    ...copy,
    nextBallot: Ballot(nextBallot + broughtBackBy),
    drains: copy.drains + broughtBackBy,
    active: { ...active, generation, acceptors: [active.leader] },
    latest: undefined
  }
}

export interface MasterStep {
  readonly state: MasterState
  readonly reply: MasterReply
}

/**
 * One atomic operation of the master. A retry with the same `requestId` gets the same answer while it still
 * holds.
 */
export const masterStep = (state: MasterState, request: MasterRequest): MasterStep => {
  switch (request._tag) {
    case "Bootstrap":
      return bootstrap(state, request)
    case "NewBallot":
      return newBallot(state, request)
    case "Complete":
      return complete(state, request)
    case "Retire":
      return retire(state, request)
    case "Drain":
      return drain(state, request)
    case "ReadMaster":
      return { state, reply: read(state, request.requestId) }
  }
}

const read = (state: MasterState, requestId: string): MasterReply => {
  const { minAcceptors, drained, drains } = state
  return { _tag: "MasterRead", requestId, ...standing(state), minAcceptors, drained, drains }
}

const standing = (state: MasterState) => ({ active: state.active, latest: Ballot(state.nextBallot - 1) })

const refused = (state: MasterState, requestId: string, reason: string): MasterStep => ({
  state,
  reply: { _tag: "Refused", requestId, reason }
})

const superseded = (state: MasterState, requestId: string): MasterStep => ({
  state,
  reply: { _tag: "Superseded", requestId, ...standing(state) }
})

const activated = (state: MasterState, requestId: string, configuration: Configuration): MasterStep => ({
  state,
  reply: { _tag: "Activated", requestId, configuration }
})

interface Named {
  readonly requestId: string
  readonly leader: Replica
  readonly acceptors: ReadonlyArray<Replica>
}

const bootstrap = (before: MasterState, request: Named & { readonly minAcceptors: number }): MasterStep => {
  const state = { ...before, minAcceptors: request.minAcceptors }
  const wrong = misformed(request.leader, request.acceptors) ?? tooFew(state, request.acceptors)
  if (wrong !== undefined) return refused(before, request.requestId, wrong)
  if (state.active !== undefined) return superseded(before, request.requestId)
  const { leader, acceptors } = request
  const configuration: Configuration = { ballot: state.nextBallot, generation: 0, leader, acceptors }
  return activated(
    { ...state, active: configuration, nextBallot: Ballot(state.nextBallot + 1) },
    request.requestId,
    configuration
  )
}

const tooFew = (state: MasterState, acceptors: ReadonlyArray<Replica>): string | undefined =>
  acceptors.length < state.minAcceptors
    ? `the group keeps at least ${state.minAcceptors} acceptors`
    : undefined

/** Who is drained may still vote where it does, so that the group goes on until it has been taken out. */
const bringsInDrained = (
  { active, drained }: MasterState,
  acceptors: ReadonlyArray<Replica>
): string | undefined => {
  const one = acceptors.find(
    (acceptor) => drained.includes(acceptor.node) && !(active !== undefined && isAcceptorOf(active, acceptor))
  )
  return one && `node ${one.node} is drained: undrain it first`
}

/**
 * Issues the next ballot against what is active now, and so cancels every ballot issued before that is not
 * active.
 */
const newBallot = (state: MasterState, request: Named): MasterStep => {
  const { requestId, leader, acceptors } = request
  const wrong = misformed(leader, acceptors) ?? tooFew(state, acceptors) ?? bringsInDrained(state, acceptors)
  if (wrong !== undefined) return refused(state, requestId, wrong)
  if (state.active === undefined)
    return refused(state, requestId, "the group has no active configuration yet")
  const prev = state.active
  const { latest } = state
  if (latest !== undefined && latest.requestId === requestId && isCurrent(state, latest.prev)) {
    return { state, reply: { _tag: "Issued", requestId, configuration: latest.configuration, prev } }
  }
  const configuration: Configuration = { ballot: state.nextBallot, generation: 0, leader, acceptors }
  const issued = { configuration, prev: originOf(prev), requestId }
  return {
    state: { ...state, nextBallot: Ballot(state.nextBallot + 1), latest: issued },
    reply: { _tag: "Issued", requestId, configuration, prev }
  }
}

const isCurrent = (state: MasterState, origin: Origin): boolean =>
  state.active !== undefined &&
  state.active.ballot === origin.ballot &&
  state.active.generation === origin.generation

/**
 * Activates a ballot only if it is the latest issued and the active configuration is still the one that it
 * was issued against, in ballot and generation, and for the attempt that it was issued to. Otherwise a ballot
 * that read its log before another one chose values would undo them.
 */
const complete = (
  state: MasterState,
  request: { readonly requestId: string; readonly ballot: Ballot; readonly prev: Origin }
): MasterStep => {
  const { requestId, ballot, prev } = request
  if (state.active?.ballot === ballot) return activated(state, requestId, state.active)
  const { latest } = state
  if (latest === undefined || latest.configuration.ballot !== ballot) return superseded(state, requestId)
  if (
    !isCurrent(state, prev) ||
    latest.prev.ballot !== prev.ballot ||
    latest.prev.generation !== prev.generation
  ) {
    return superseded(state, requestId)
  }
  // Masters that began twice with one copy may have given the number to two: what another attempt has carried
  // says nothing about the acceptors of this one.
  if (!isOneAttempt(latest.requestId, requestId)) return superseded(state, requestId)
  const active = latest.configuration
  return activated({ ...state, active, latest: undefined }, requestId, active)
}

/**
 * Takes a failed backup out of the active configuration without a new ballot (section 5, Niobe). Refused
 * while a ballot is issued: what that one brings along could undo what the smaller configuration chooses
 * meanwhile.
 */
const retire = (
  state: MasterState,
  request: { readonly requestId: string; readonly origin: Origin; readonly acceptor: Replica }
): MasterStep => {
  const { requestId, origin, acceptor } = request
  const { active } = state
  if (active === undefined) return refused(state, requestId, "the group has no active configuration yet")
  const already = active.ballot === origin.ballot && active.generation === origin.generation + 1
  if (already && !isAcceptorOf(active, acceptor)) return activated(state, requestId, active)
  if (!isCurrent(state, origin)) return superseded(state, requestId)
  if (sameReplica(active.leader, acceptor)) return refused(state, requestId, "the leader cannot be retired")
  if (!isAcceptorOf(active, acceptor))
    return refused(state, requestId, "it is no acceptor of the active configuration")
  if (state.latest !== undefined) {
    return refused(
      state,
      requestId,
      "a ballot is issued: take a new ballot without the failed acceptor instead"
    )
  }
  const acceptors = active.acceptors.filter((member) => !sameReplica(member, acceptor))
  const wrong = tooFew(state, acceptors)
  if (wrong !== undefined) return refused(state, requestId, wrong)
  const smaller: Configuration = { ...active, generation: active.generation + 1, acceptors }
  return activated({ ...state, active: smaller }, requestId, smaller)
}

/** Nobody can activate a ballot any more that was issued before and would bring in who is drained now. */
const withoutWhoIsOut = (state: MasterState): MasterState => {
  const { latest } = state
  return latest !== undefined && bringsInDrained(state, latest.configuration.acceptors) !== undefined
    ? { ...state, latest: undefined }
    : state
}

/**
 * Keeps in mind who is not to be made an acceptor: for good, whoever leads and whoever restarts. A request
 * made before the last change is old, such as one that waited at a master that stood still while another one
 * did it, and would undo what was asked for since: it changes nothing, and its reply says what is.
 */
const drain = (
  state: MasterState,
  request: Extract<MasterRequest, { readonly _tag: "Drain" }>
): MasterStep => {
  const { requestId, node, drained } = request
  const others = state.drained.filter((one) => one !== node)
  const changes = state.drained.includes(node) !== drained && request.drains === state.drains
  const next = changes
    ? withoutWhoIsOut({
        ...state,
        drained: drained ? [...others, node] : others,
        drains: state.drains + 1
      })
    : state
  return { state: next, reply: read(next, requestId) }
}
