/**
 * The failure detector of a node: who has been silent for too long, and how far away everybody is. It
 * suspects and decides nothing; the decision is always the master's.
 */
import type { NodeId, Replica, StorageId } from "../ids.ts"

/** How often nodes are heard of, and after how long a silence they are suspected. */
export interface DetectorSettings {
  readonly heartbeatIntervalMs: number
  readonly failureTimeoutMs: number
}

/** The newest beat of a node, given back to it: from this it knows how long the way there and back is. */
export interface Echo {
  readonly node: NodeId
  /** The life and the sending time of the beat, as they stood in it. */
  readonly life: number
  readonly sentAtMs: number
  /** How long it lay here before it was given back. */
  readonly heldMs: number
}

/** A sign of life of a node, to all others; one for all groups. */
export interface Beat {
  readonly _tag: "Beat"
  /** Drawn at each start of the process: clocks and numbers of another life mean nothing. */
  readonly life: number
  /** Numbers the beats of a life, so that a late copy of an old one is no sign of life. */
  readonly number: number
  /** By the monotonic clock of the sender. */
  readonly sentAtMs: number
  /** By how much the sender's own event loop was late lately, at worst. */
  readonly lagMs: number
  /** Durable frames of the sender's log: it may never come back with fewer. 0 where it does not tell. */
  readonly frames: number
  readonly echoes: ReadonlyArray<Echo>
}

/** The most frames that a disk was heard to have. */
export interface Floor {
  readonly of: Replica
  readonly frames: number
}

/** Another node, as this one sees it. */
export interface Peer {
  readonly node: NodeId
  /** Its disk; undefined before it was heard. A node that came back with another one is another replica. */
  readonly storage: StorageId | undefined
  readonly beat: Beat | undefined
  /**
   * The newest beat of another life, which is not believed yet. It is given back as well: where both nodes
   * know each other by lives that are over, each must show first that it is there now.
   */
  readonly doubted: { readonly beat: Beat; readonly heardAtMs: number } | undefined
  /** When it was heard last, or when watching it began. */
  readonly heardAtMs: number
  /**
   * When the beat was sent that it gave back last, or when its life began: since then, for all that is known
   * here, it hears nothing of this node.
   */
  readonly hearsSinceMs: number
  /** When the newest own beat was sent that it ever gave back, in whatever life. */
  readonly echoedMs: number
  readonly isSuspected: boolean
  /** Smoothed round trip, as TCP does it (RFC 6298): an eighth of each new sample. */
  readonly rttMs: number | undefined
  /** Smoothed deviation from it. */
  readonly rttDeviationMs: number
}

export interface DetectorState {
  readonly settings: DetectorSettings
  readonly life: number
  /** Number of the beat that was sent last. */
  readonly beats: number
  /** Few, and changed with every beat: an array of them is copied in a fraction of the time of a map. */
  readonly peers: ReadonlyArray<Peer>
  /**
   * Silence counts from here at the earliest: while this node stood still it heard nobody, and that says
   * nothing about the others.
   */
  readonly attentiveSinceMs: number
  /** Cut off from the bus it hears nobody either, and suspects nobody. */
  readonly isConnected: boolean
  /** When the next beat is due by this node's own clock. */
  readonly beatDueAtMs: number
  /** The worst lateness of its own beats, fading by an eighth with each. */
  readonly lagMs: number
}

/** What a step of the detector came to. */
export interface DetectorStep {
  readonly state: DetectorState
  /** Nodes that are suspected from now on. */
  readonly suspected: ReadonlyArray<NodeId>
  /** Nodes that were suspected, and are no longer. */
  readonly trusted: ReadonlyArray<NodeId>
}

/** Watches these nodes from now on. Nobody is suspected before a full timeout has passed. */
export const watchNodes = (
  nodes: ReadonlyArray<NodeId>,
  settings: DetectorSettings,
  life: number,
  nowMs: number
): DetectorState => {
  const freshOf = (node: NodeId): Peer => ({
    node,
    storage: undefined,
    beat: undefined,
    doubted: undefined,
    heardAtMs: nowMs,
    hearsSinceMs: nowMs,
    echoedMs: Number.NEGATIVE_INFINITY,
    isSuspected: false,
    rttMs: undefined,
    rttDeviationMs: 0
  })
  return {
    settings,
    life,
    beats: 0,
    peers: [...new Set(nodes)].map(freshOf),
    attentiveSinceMs: nowMs,
    isConnected: true,
    beatDueAtMs: nowMs,
    lagMs: 0
  }
}

/** What is known of a node; undefined where it is not watched. */
export const peerOf = (state: DetectorState, node: NodeId): Peer | undefined => {
  for (const peer of state.peers) if (peer.node === node) return peer
  return undefined
}

const withPeer = (state: DetectorState, before: Peer, peer: Peer): DetectorState => {
  const peers = state.peers.slice()
  peers[peers.indexOf(before)] = peer
  return { ...state, peers }
}

/** The bus came or went. What the others said meanwhile is lost. */
export const busChanged = (state: DetectorState, isConnected: boolean, nowMs: number): DetectorState => ({
  ...state,
  isConnected,
  attentiveSinceMs: nowMs
})

/**
 * By how much an own beat may be late before this node counts as having stood still. Two beats of the others
 * fit into what is left of the timeout then, so that a node that is heard is not suspected for this node's
 * own delay.
 */
const stallMs = ({ heartbeatIntervalMs, failureTimeoutMs }: DetectorSettings): number =>
  Math.min(2 * heartbeatIntervalMs, failureTimeoutMs / 2)

/** The beat that is due now, and what its own lateness says of this node, whose log has so many frames. */
export const beatNow = (
  before: DetectorState,
  nowMs: number,
  frames: number
): { readonly state: DetectorState; readonly beat: Beat } => {
  const lateMs = Math.max(0, nowMs - before.beatDueAtMs)
  const state: DetectorState = {
    ...noteStall(before, nowMs),
    beats: before.beats + 1,
    beatDueAtMs: nowMs + before.settings.heartbeatIntervalMs,
    lagMs: Math.max(lateMs, (before.lagMs * 7) / 8)
  }
  const echoes: Array<Echo> = []
  const giveBack = (node: NodeId, { life, sentAtMs }: Beat, heardAtMs: number): void => {
    echoes.push({ node, life, sentAtMs, heldMs: nowMs - heardAtMs })
  }
  for (const { node, beat, doubted, heardAtMs } of state.peers) {
    if (beat !== undefined) giveBack(node, beat, heardAtMs)
    if (doubted !== undefined && nowMs - doubted.heardAtMs < state.settings.failureTimeoutMs)
      giveBack(node, doubted.beat, doubted.heardAtMs)
  }
  const { life, beats: number, lagMs } = state
  return { state, beat: { _tag: "Beat", life, number, sentAtMs: nowMs, lagMs, frames, echoes } }
}

/** A node whose own beat is long overdue stood still: silence of the others counts from now on only. */
const noteStall = (state: DetectorState, nowMs: number): DetectorState =>
  nowMs - state.beatDueAtMs > stallMs(state.settings) ? { ...state, attentiveSinceMs: nowMs } : state

/**
 * A beat came in. A copy of an old one, and one of a node that is not watched, change nothing. Another life
 * than that which is known may be an earlier one, whose beats come again: only who gives back what was sent
 * since is there now.
 */
export const heardBeat = (
  state: DetectorState,
  self: NodeId,
  from: Replica,
  beat: Beat,
  nowMs: number
): DetectorStep => {
  const before = peerOf(state, from.node)
  const known = before?.beat
  if (before === undefined || (known?.life === beat.life && known.number >= beat.number)) {
    return { state, suspected: [], trusted: [] }
  }
  const echo = beat.echoes.find(({ node, life }) => node === self && life === state.life)
  const isOther = known !== undefined && known.life !== beat.life
  if (isOther && (echo?.sentAtMs ?? Number.NEGATIVE_INFINITY) <= before.echoedMs) {
    const doubting = withPeer(state, before, { ...before, doubted: { beat, heardAtMs: nowMs } })
    return { state: doubting, suspected: [], trusted: [] }
  }
  const sampleMs = echo === undefined ? -1 : nowMs - echo.sentAtMs - echo.heldMs
  const hearsSinceMs = known?.life === beat.life ? before.hearsSinceMs : nowMs
  const echoedMs = Math.min(echo?.sentAtMs ?? before.echoedMs, nowMs)
  const { rttMs, rttDeviationMs } = sampleMs < 0 ? before : withSample(before, sampleMs)
  const measured: Peer = {
    node: before.node,
    storage: from.storage,
    beat,
    doubted: isOther ? undefined : before.doubted,
    heardAtMs: nowMs,
    hearsSinceMs: Math.max(hearsSinceMs, echoedMs),
    echoedMs: Math.max(before.echoedMs, echoedMs),
    isSuspected: before.isSuspected,
    rttMs,
    rttDeviationMs
  }
  if (!before.isSuspected || isDeaf(state, measured, nowMs))
    return { state: withPeer(state, before, measured), suspected: [], trusted: [] }
  const trusted = withPeer(state, before, { ...measured, isSuspected: false })
  return { state: trusted, suspected: [], trusted: [from.node] }
}

const withSample = (
  { rttMs, rttDeviationMs }: Peer,
  sampleMs: number
): Pick<Peer, "rttMs" | "rttDeviationMs"> => {
  if (rttMs === undefined) return { rttMs: sampleMs, rttDeviationMs: sampleMs / 2 }
  const deviationMs = Math.abs(sampleMs - rttMs)
  return {
    rttMs: rttMs + (sampleMs - rttMs) / 8,
    rttDeviationMs: rttDeviationMs + (deviationMs - rttDeviationMs) / 4
  }
}

/** A beat is given back with the next one of the other: so much later than it is heard. */
const deafAfterMs = ({ heartbeatIntervalMs, failureTimeoutMs }: DetectorSettings): number =>
  failureTimeoutMs + 2 * heartbeatIntervalMs

/** Whether it has heard nothing of this node for too long: the way between the two is open one way only. */
const isDeaf = (state: DetectorState, peer: Peer, nowMs: number): boolean => nowMs >= deafAtMs(state, peer)

const deafAtMs = (state: DetectorState, peer: Peer): number =>
  Math.max(peer.hearsSinceMs, state.attentiveSinceMs) + deafAfterMs(state.settings)

const silentAtMs = (state: DetectorState, peer: Peer): number =>
  Math.max(peer.heardAtMs, state.attentiveSinceMs) + state.settings.failureTimeoutMs

/** When a peer that is trusted is to be suspected, if nothing changes. */
const suspectAtMs = (state: DetectorState, peer: Peer): number =>
  Math.min(silentAtMs(state, peer), deafAtMs(state, peer))

/** Looks for nodes that were not heard for too long, or do not hear this one. */
export const lookAround = (before: DetectorState, nowMs: number): DetectorStep => {
  const state = noteStall(before, nowMs)
  const isLate = (peer: Peer): boolean =>
    !peer.isSuspected && state.isConnected && suspectAtMs(state, peer) <= nowMs
  const suspected = state.peers.filter(isLate).map(({ node }) => node)
  if (suspected.length === 0) return { state, suspected, trusted: [] }
  const peers = state.peers.map((peer) => (isLate(peer) ? { ...peer, isSuspected: true } : peer))
  return { state: { ...state, peers }, suspected, trusted: [] }
}

/** In how many milliseconds somebody could be suspected who is trusted now; undefined where nobody is. */
export const nextLookMs = (state: DetectorState, nowMs: number): number | undefined => {
  if (!state.isConnected) return undefined
  let soonestMs: number | undefined
  for (const peer of state.peers) {
    if (peer.isSuspected) continue
    const inMs = suspectAtMs(state, peer) - nowMs
    soonestMs = Math.min(soonestMs ?? inMs, inMs)
  }
  return soonestMs
}
