/**
 * The failure detector of a node as an actor: one heartbeat to all other nodes, for all groups, and suspicion
 * of whoever falls silent.
 */
import { Effect, Random } from "effect"
import { GroupId, NodeId, type Replica } from "../../protocol/ids.ts"
import {
  beatNow,
  busChanged,
  type DetectorSettings,
  type DetectorState,
  type DetectorStep,
  heardBeat,
  lookAround,
  nextLookMs,
  type Peer,
  peerOf,
  watchNodes
} from "../../protocol/liveness/detector.ts"
import type { ActorContext } from "../../runtime/actor-handle.ts"
import { spawnBatch } from "../../runtime/actor-spawn.ts"
import { crash } from "../../runtime/supervisor.ts"
import type { Packet } from "../../wire/packet.ts"
import type { NodeContext } from "../node/context.ts"

/** What a node thinks of another one. */
export interface PeerStatus {
  readonly node: string
  /** Smoothed round trip between the two, in milliseconds; absent before there was one. */
  readonly rttMs?: number
  /** How long ago it was heard last, in milliseconds. */
  readonly heardAgoMs: number
  readonly suspected: boolean
  /** By how much its event loop was late lately, as it says itself. */
  readonly lagMs?: number
}

export interface Detector {
  /**
   * Whether a node has not been heard, or does not hear this one, for longer than the failure timeout. Nobody
   * suspects itself.
   */
  readonly suspects: (node: NodeId) => boolean
  /**
   * Whether a replica is not to be counted on: its node is silent, or runs with another disk now, which makes
   * it another replica.
   */
  readonly misses: (replica: Replica) => boolean
  /** Called when a node is suspected; the returned function withdraws. Must not throw. */
  readonly onSuspect: (listener: (node: NodeId) => void) => () => void
  /** Called when a node that was suspected is heard again; the returned function withdraws. */
  readonly onTrust: (listener: (node: NodeId) => void) => () => void
  /** Smoothed round trip to a node, in milliseconds; undefined before there was one. */
  readonly rttMs: (node: NodeId) => number | undefined
  /** How long ago a node was heard, or watching it began, in milliseconds; 0 for this node itself. */
  readonly heardAgoMs: (node: NodeId) => number
  /** By how much this node's own event loop was late lately, at worst, in milliseconds. */
  readonly lagMs: () => number
  readonly peers: () => ReadonlyArray<PeerStatus>
  /** Takes a packet with a Beat. */
  readonly take: (packet: Packet) => void
}

type Message =
  | { readonly _tag: "Heard"; readonly packet: Packet; readonly atMs: number }
  | { readonly _tag: "BeatDue" }
  | { readonly _tag: "Bus"; readonly isConnected: boolean }
  | { readonly _tag: "Look" }

const noGroup = GroupId("")
/** Lives are told apart by a number that any bus carries. */
const livesMax = 2 ** 31 - 1

const listeners = () => {
  const set = new Set<(node: NodeId) => void>()
  const add = (listener: (node: NodeId) => void) => {
    set.add(listener)
    return () => {
      set.delete(listener)
    }
  }
  const tell = (nodes: ReadonlyArray<NodeId>) => {
    for (const node of nodes) for (const listener of set) listener(node)
  }
  return { add, tell }
}

/**
 * Spawns the detector of a node: it watches the other ones of `nodes` while the scope is open, and tells them
 * how many durable frames its log has.
 */
export const spawnDetector = Effect.fnUntraced(function* (
  context: NodeContext,
  nodes: ReadonlyArray<string>,
  settings: DetectorSettings,
  frames: () => number
) {
  const { self, subjects, monotonicMs: nowMs } = context
  const others = nodes.filter((node) => node !== self.node).map((node) => NodeId(node))
  const life = yield* Random.nextIntBetween(1, livesMax)
  let state: DetectorState = watchNodes(others, settings, life, nowMs())
  const suspected = listeners()
  const trusted = listeners()
  const take = (step: DetectorStep): void => {
    state = step.state
    suspected.tell(step.suspected)
    trusted.tell(step.trusted)
  }
  const receive = (message: Message): void => {
    switch (message._tag) {
      case "Heard": {
        const { from, body } = message.packet
        if (body._tag === "Beat") take(heardBeat(state, self.node, from, body, message.atMs))
        return
      }
      case "BeatDue": {
        const { state: next, beat } = beatNow(state, nowMs(), frames())
        state = next
        context.publish(subjects.from(self.node), noGroup, beat)
        return
      }
      case "Bus":
        state = busChanged(state, message.isConnected, nowMs())
        return
      case "Look":
        return take(lookAround(state, nowMs()))
    }
  }
  const later = (timers: ActorContext<Message>["timers"]) => lookLater(timers, () => state, nowMs)
  const actor = yield* spawnBatch<Message>({
    name: `${self.node}/detector`,
    supervision: crash,
    onStart: (actorContext) => {
      actorContext.self.offerControlUnsafe({ _tag: "BeatDue" })
      actorContext.timers.setRepeating("beat", settings.heartbeatIntervalMs, { _tag: "BeatDue" })
      later(actorContext.timers)
    },
    receive: (batch, actorContext) => {
      // What waited with a timer was there first: whoever was heard is not suspected in the same turn.
      for (const message of batch) if (message._tag !== "Look") receive(message)
      for (const message of batch) if (message._tag === "Look") receive(message)
      later(actorContext.timers)
    }
  })
  yield* context.bus.onStatus((status) => {
    actor.offerControlUnsafe({ _tag: "Bus", isConnected: status === "Connected" })
  })
  const detector: Detector = {
    ...views(() => state, nowMs),
    onSuspect: suspected.add,
    onTrust: trusted.add,
    take: (packet) => {
      actor.offerUnsafe({ _tag: "Heard", packet, atMs: nowMs() })
    }
  }
  return { actor, detector }
})

/** Sets the timer for the next look, unless there is one. */
const lookLater = (
  timers: ActorContext<Message>["timers"],
  state: () => DetectorState,
  nowMs: () => number
): void => {
  if (timers.has("look")) return
  const inMs = nextLookMs(state(), nowMs())
  // A timer may ring a little early: a look that came too soon waits for a whole millisecond at least.
  if (inMs !== undefined) timers.set("look", Math.max(1, Math.ceil(inMs)), { _tag: "Look" })
}

/** What others may ask at any time. */
const views = (state: () => DetectorState, nowMs: () => number) => {
  const known = (node: NodeId) => peerOf(state(), node)
  return {
    suspects: (node: NodeId) => known(node)?.isSuspected === true,
    misses: ({ node, storage }: Replica) => {
      const peer = known(node)
      return peer !== undefined && (peer.isSuspected || (peer.storage ?? storage) !== storage)
    },
    rttMs: (node: NodeId) => known(node)?.rttMs,
    heardAgoMs: (node: NodeId) => {
      const peer = known(node)
      return peer === undefined ? 0 : nowMs() - peer.heardAtMs
    },
    lagMs: () => state().lagMs,
    peers: () => state().peers.map((peer) => peerStatus(peer, nowMs()))
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10

const peerStatus = (peer: Peer, nowMs: number): PeerStatus => {
  const { node, rttMs, heardAtMs, isSuspected, beat } = peer
  return {
    node,
    ...(rttMs === undefined ? {} : { rttMs: tenths(rttMs) }),
    heardAgoMs: Math.max(0, Math.round(nowMs - heardAtMs)),
    suspected: isSuspected,
    ...(beat === undefined ? {} : { lagMs: tenths(beat.lagMs) })
  }
}
