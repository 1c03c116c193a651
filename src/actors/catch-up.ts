/**
 * Catching up: a node hands out the chosen entries of its log, and one that only learns pulls them from
 * whoever has them.
 */
import { Effect } from "effect"
import { type GroupId, NodeId, noBallot, Slot, slotMin, slotPlus } from "../protocol/ids.ts"
import { type Run, runLast, runsMisformed } from "../protocol/run.ts"
import { spawnEach } from "../runtime/actor-spawn.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import type { WalFailure } from "../runtime/storage/errors.ts"
import { crash } from "../runtime/supervisor.ts"
import type { CatchUp, CaughtUp } from "../wire/catch-up-codec.ts"
import { noReplica, type PacketCodec } from "../wire/packet.ts"
import type { Subjects } from "../wire/subjects.ts"
import type { GroupLog } from "./group-log.ts"
import { count, type NodeContext } from "./node-context.ts"

/** What a group's log has to hand out. */
export interface CatchUpSource {
  readonly log: Pick<GroupLog, "first" | "last" | "read">
  /** The last slot known to be chosen; the log may not reach there yet. */
  readonly chosen: () => Slot
}

interface Question {
  readonly group: GroupId
  readonly ask: CatchUp
  readonly replyTo: string
}

/** Questions that wait; who asks in vain asks again, elsewhere. */
const waitingMax = 64
/** Room in a message for what is not entries. */
const envelopeBytes = 16 * 1024

const answerTo = ({ log, chosen }: CatchUpSource, ask: CatchUp, roomBytes: number): CaughtUp => {
  const through = slotMin(chosen(), log.last)
  const runs =
    ask.fromSlot >= log.first && ask.fromSlot <= through
      ? fitting(log.read(ask.fromSlot, through, Math.min(ask.maxBytes, roomBytes)), roomBytes)
      : []
  return { _tag: "CaughtUp", runs, chosen: through, first: log.first }
}

/** A log may give one run more than it was asked for; a message takes no more than fits. */
const fitting = (runs: ReadonlyArray<Run>, roomBytes: number): ReadonlyArray<Run> => {
  let left = roomBytes
  const end = runs.findIndex((run) => {
    left -= run.bytes.length
    return left < 0
  })
  return end < 0 ? runs : runs.slice(0, Math.max(1, end))
}

/**
 * Answers whoever asks this node for entries of a group that it has, one after the other, old ones from the
 * disk.
 */
export const serveCatchUp = Effect.fnUntraced(function* (
  context: NodeContext,
  sources: ReadonlyMap<GroupId, CatchUpSource>
) {
  const { bus, subjects, self, codec, counters } = context
  const roomBytes = bus.maxPayloadBytes - envelopeBytes
  const actor = yield* spawnEach<Question>({
    name: `${self.node}/catch-up`,
    mailbox: { capacity: waitingMax },
    supervision: crash,
    receive: ({ group, ask, replyTo }) => {
      const source = sources.get(group)
      if (source === undefined) return count(counters, "unknown group")
      context.publish(replyTo, group, answerTo(source, ask, roomBytes))
    }
  })
  yield* bus.subscribe(subjects.catchUp(self.node), {
    onMessage: (payload, _subject, replyTo) => {
      const packet = codec.decode(payload)
      if (typeof packet === "string") return count(counters, packet)
      const { body, group } = packet
      if (body._tag !== "CatchUp" || replyTo === undefined) return count(counters, "not for catch-up")
      if (!actor.offerUnsafe({ group, ask: body, replyTo })) count(counters, "too many want to catch up")
    }
  })
  return actor
})

export interface AskOptions {
  readonly bus: BusShape
  readonly subjects: Subjects
  readonly codec: PacketCodec
  readonly group: GroupId
  readonly timeoutMs: number
}

/** Asks one node for entries; undefined where it does not answer, or not with what was asked for. */
export const askCatchUp = Effect.fnUntraced(function* (
  { bus, subjects, codec, group, timeoutMs }: AskOptions,
  node: NodeId,
  fromSlot: Slot,
  maxBytes: number
) {
  const ask = codec.encode(noReplica, group, { _tag: "CatchUp", fromSlot, maxBytes })
  const answer = yield* Effect.option(bus.request(subjects.catchUp(node), ask, timeoutMs))
  if (answer._tag === "None") return undefined
  const packet = codec.decode(answer.value)
  if (typeof packet === "string" || packet.group !== group || packet.body._tag !== "CaughtUp")
    return undefined
  const { runs } = packet.body
  return runs.length === 0 || runs[0]!.first === fromSlot ? packet.body : undefined
})

export interface LearnOptions {
  readonly context: NodeContext
  readonly group: GroupId
  /** Nodes that may have the entries, asked in turn. */
  readonly sources: ReadonlyArray<string>
  readonly log: GroupLog
  /** Has what is chosen applied. */
  readonly apply: (through: Slot) => void
  readonly onFailure: (failure: WalFailure) => void
}

const askTimeoutMs = 1000
const pauseMs = 100
const chunkBytes = 512 * 1024

/**
 * Pulls chosen entries into the log of a replica that has never voted, and has them applied, until it is made
 * an acceptor: from its first promise on the log is its acceptor's alone.
 */
export const learnFromOthers = Effect.fnUntraced(function* (options: LearnOptions) {
  const { context, group, sources, log } = options
  const { bus, subjects, codec } = context
  const asking: AskOptions = { bus, subjects, codec, group, timeoutMs: askTimeoutMs }
  for (let turn = 0; log.promised === noBallot; ) {
    const source = NodeId(sources[turn % sources.length]!)
    const answer = yield* askCatchUp(asking, source, slotPlus(log.last, 1), chunkBytes)
    const took = answer !== undefined && take(options, answer)
    if (answer === undefined) turn++
    if (!took) yield* Effect.sleep(pauseMs)
  }
})

/**
 * Takes what continues the log; false where there is nothing to take. What was chosen is chosen: it never is
 * replaced.
 */
const take = ({ log, apply, onFailure }: LearnOptions, { runs, chosen }: CaughtUp): boolean => {
  const last = runs[runs.length - 1]
  const before = log.ballotAt(log.last) ?? noBallot
  if (last === undefined || log.promised !== noBallot || runLast(last) > chosen) return false
  if (runsMisformed(runs, log.last, before) !== undefined) return false
  for (const run of runs) log.persist({ _tag: "Appended", run })
  const through = runLast(last)
  log.persist({ _tag: "Chosen", slot: through })
  log.sync((failure) => {
    if (failure === undefined) apply(Slot(through))
    else onFailure(failure)
  })
  return true
}
