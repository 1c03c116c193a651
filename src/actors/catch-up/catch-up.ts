/** Catching up: a node hands out the chosen entries of its log to whoever asks for them. */
import { Effect } from "effect"
import type { Configuration } from "../../protocol/configuration.ts"
import { type GroupId, type NodeId, type Replica, type Slot, slotMin, slotPlus } from "../../protocol/ids.ts"
import { type Run, runLast } from "../../protocol/log/run.ts"
import { spawnEach } from "../../runtime/actor-spawn.ts"
import type { BusShape } from "../../runtime/bus/port.ts"
import { crash } from "../../runtime/supervisor.ts"
import type { CatchUp, CaughtUp } from "../../wire/catch-up-codec.ts"
import type { PacketCodec } from "../../wire/packet.ts"
import type { Subjects } from "../../wire/subjects.ts"
import type { GroupLog } from "../log/group-log.ts"
import { count, type NodeContext } from "../node/context.ts"

/** What a group's log has to hand out. */
export interface CatchUpSource {
  readonly log: Pick<GroupLog, "first" | "last" | "read">
  /** The last slot known to be chosen; the log may not reach there yet. */
  readonly chosen: () => Slot
  /** The newest configuration that this node knows to have been active. */
  readonly active: () => Configuration | undefined
  /** Hears who asks, and from which slot on. */
  readonly onAsked: (from: Replica, fromSlot: Slot) => void
}

interface Question {
  readonly from: Replica
  readonly group: GroupId
  readonly ask: CatchUp
  readonly replyTo: string
}

/** Questions that wait; who asks in vain asks again, elsewhere. */
const waitingMax = 64
/** Room in a message for what is not entries. */
const envelopeBytes = 16 * 1024

const answerTo = ({ log, chosen, active }: CatchUpSource, ask: CatchUp, roomBytes: number): CaughtUp => {
  const through = slotMin(chosen(), log.last)
  const runs =
    ask.fromSlot >= log.first && ask.fromSlot <= through
      ? fitting(readOn(log, ask.fromSlot, through, Math.min(ask.maxBytes, roomBytes)), roomBytes)
      : []
  return { _tag: "CaughtUp", runs, chosen: through, first: log.first, active: active() }
}

/** A log may give less than there is room for: then it is read on. */
const readOn = (
  log: CatchUpSource["log"],
  from: Slot,
  through: Slot,
  maxBytes: number
): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  let leftBytes = maxBytes
  for (let next = from; next <= through && leftBytes > 0; ) {
    for (const run of log.read(next, through, leftBytes)) {
      runs.push(run)
      leftBytes -= run.bytes.length
      next = slotPlus(runLast(run), 1)
    }
  }
  return runs
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
  const { bus, subjects, self, counters } = context
  const roomBytes = bus.maxPayloadBytes - envelopeBytes
  const actor = yield* spawnEach<Question>({
    name: `${self.node}/catch-up`,
    mailbox: { capacity: waitingMax },
    supervision: crash,
    receive: ({ from, group, ask, replyTo }) => {
      const source = sources.get(group)
      if (source === undefined) return count(counters, "unknown group")
      source.onAsked(from, ask.fromSlot)
      context.publish(replyTo, group, answerTo(source, ask, roomBytes))
    }
  })
  yield* context.listen(subjects.catchUp(self.node), ({ body, group, from }, replyTo) => {
    if (body._tag !== "CatchUp" || replyTo === undefined) return count(counters, "not for catch-up")
    if (!actor.offerUnsafe({ from, group, ask: body, replyTo })) count(counters, "too many want to catch up")
  })
  return actor
})

export interface AskOptions {
  /** Who asks; `noReplica` where it keeps no log of the group. */
  readonly self: Replica
  readonly bus: BusShape
  readonly subjects: Subjects
  readonly codec: PacketCodec
  readonly group: GroupId
  readonly timeoutMs: number
}

/** Asks one node for entries; undefined where it does not answer, or not with what was asked for. */
export const askCatchUp = Effect.fnUntraced(function* (
  { self, bus, subjects, codec, group, timeoutMs }: AskOptions,
  node: NodeId,
  fromSlot: Slot,
  maxBytes: number
) {
  const ask = codec.encode(self, group, { _tag: "CatchUp", fromSlot, maxBytes })
  const answer = yield* Effect.option(bus.request(subjects.catchUp(node), ask, timeoutMs))
  if (answer._tag === "None") return undefined
  const packet = codec.decode(answer.value)
  if (typeof packet === "string" || packet.group !== group || packet.body._tag !== "CaughtUp")
    return undefined
  const { runs } = packet.body
  return runs.length === 0 || runs[0]!.first === fromSlot ? packet.body : undefined
})
