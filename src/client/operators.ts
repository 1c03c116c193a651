/** What operators do with a group: who leads it, who votes in it. */
import { Data, Effect } from "effect"
import { GroupId, NodeId } from "../protocol/ids.ts"
import type { OperatorRequest } from "../protocol/messages.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { monotonicMs } from "../runtime/monotonic.ts"
import type { OperatorReply } from "../wire/operator-codec.ts"
import { noReplica, packetCodec } from "../wire/packet.ts"
import { nameFault, subjectsOf } from "../wire/subjects.ts"
import { defaultTimeoutMs, timeoutFault } from "./call-options.ts"
import { findLeader, Surroundings, surveyNodes } from "./discover.ts"

const inGroup = (group: string | undefined): string => (group === undefined ? "" : `group ${group}: `)

/** It will not be done, in the one group or, where none is named, in any; nothing was changed. */
export class OperationRefused extends Data.TaggedError("OperationRefused")<{
  readonly group: string | undefined
  readonly reason: string
}> {
  override get message(): string {
    return `${inGroup(this.group)}${this.reason}`
  }
}

/** How far an operation in all groups has come. */
export interface OperationProgress {
  readonly groups: number
  /** Names of those in which it is not done. */
  readonly waiting: ReadonlyArray<string>
}

/**
 * It was not done in time, in the one group or, where none is named, in any. What was begun goes on: ask
 * again. `isBegun` says whether any leader was asked. `progress` is there where it was to be done in several
 * groups.
 */
export class OperationUnfinished extends Data.TaggedError("OperationUnfinished")<{
  readonly group: string | undefined
  readonly reason: string
  readonly isBegun: boolean
  readonly progress?: OperationProgress
}> {
  override get message(): string {
    const { group, reason, isBegun, progress } = this
    const { groups, waiting } = progress ?? { groups: 0, waiting: [] }
    const far = progress === undefined ? "" : `${groups - waiting.length} of ${groups} groups are done; `
    const others = waiting.length > 1 ? `, nor ${waiting.length - 1} more` : ""
    const next = isBegun ? "what was begun goes on, ask again" : "nothing was begun, ask again"
    return `${far}${inGroup(group)}not done in time (${reason})${others}; ${next}`
  }
}

export type OperationFailure = OperationRefused | OperationUnfinished

/** How a group stands after an operation. */
export interface Operated {
  readonly group: string
  readonly ballot: number | undefined
  readonly leader: string | undefined
  readonly acceptors: ReadonlyArray<string>
}

export interface OperateOptions {
  /**
   * How long it may take, in milliseconds; in all groups, how long it may go on without one that is done or
   * asked for the first time. Default 30,000. What is no number is refused.
   */
  readonly timeoutMs?: number
}

/** What operators can have done. Each waits until it is done, whoever leads meanwhile. */
export interface Operators {
  /** Has an acceptor lead the group, with a pause of milliseconds for its clients. */
  readonly transfer: (
    group: string,
    to: string,
    options?: OperateOptions
  ) => Effect.Effect<Operated, OperationFailure>
  /** Takes a node out of all groups and keeps it out, whatever is restarted, until it is undrained. */
  readonly drain: (
    node: string,
    options?: OperateOptions
  ) => Effect.Effect<ReadonlyArray<Operated>, OperationFailure>
  readonly undrain: (
    node: string,
    options?: OperateOptions
  ) => Effect.Effect<ReadonlyArray<Operated>, OperationFailure>
  /** Makes a node that has caught up an acceptor in the place of another one. */
  readonly replace: (
    group: string,
    node: string,
    by: string,
    options?: OperateOptions
  ) => Effect.Effect<Operated, OperationFailure>
}

const askTimeoutMs = 1000
const pauseMs = 20
/** The longest pause before a node is asked that gives a new pass each time: it doubles up to there. */
const passPauseMaxMs = 1000
const graceMs = 50
const closed = "the connection is closed"
const surveyMs = 1000
/** Groups that are worked on at a time. */
const groupsAtATime = 8
/** How long a group is worked on while others wait for their turn. */
const turnMs = 2000

type Operate = (
  group: string,
  request: OperatorRequest,
  options?: OperateOptions
) => Effect.Effect<Operated, OperationFailure>

/** In all groups that anybody knows of. */
const everywhere = Effect.fnUntraced(function* (
  bus: BusShape,
  cluster: string,
  operate: Operate,
  request: Extract<OperatorRequest, { readonly node: NodeId }>,
  options?: OperateOptions
): Effect.fn.Return<ReadonlyArray<Operated>, OperationFailure> {
  const name = request.node
  const isClosed = bus.status() === "Closed"
  const fault = timeoutFault(options) ?? nameFault("node", name) ?? (isClosed ? closed : undefined)
  if (fault !== undefined) return yield* new OperationRefused({ group: undefined, reason: fault })
  const seen = yield* Effect.catch(surveyNodes(bus, subjectsOf(cluster), surveyMs, isComplete), () =>
    Effect.succeed([])
  )
  if (seen.length === 0) {
    const reason = `no node of the cluster ${JSON.stringify(cluster)} answers`
    return yield* new OperationUnfinished({ group: undefined, reason, isBegun: false })
  }
  if (!seen.some(({ id, nodes = [] }) => id === name || nodes.includes(name))) {
    return yield* new OperationRefused({ group: undefined, reason: `no node knows of a node ${name}` })
  }
  const groups = [...new Set(seen.flatMap((node) => node.groups.map(({ group }) => group)))].sort()
  // Nodes that begin to run, and those that only keep the master, tell of none: that is not all there are.
  if (groups.length === 0) {
    const reason = "no node that answers has a part in any group: its nodes may be starting, ask again"
    return yield* new OperationUnfinished({ group: undefined, reason, isBegun: false })
  }
  return yield* inTurns(groups, options?.timeoutMs ?? defaultTimeoutMs, (group, timeoutMs) =>
    operate(group, request, { timeoutMs })
  )
})

/** A group that cannot be done keeps no other one from it: who has had its turn stands behind the others. */
const inTurns = Effect.fnUntraced(function* (
  groups: ReadonlyArray<string>,
  timeoutMs: number,
  operate: (group: string, timeoutMs: number) => Effect.Effect<Operated, OperationFailure>
): Effect.fn.Return<ReadonlyArray<Operated>, OperationFailure> {
  const done = new Map<string, Operated>()
  const reasons = new Map<string, string>()
  let isBegun = false
  const waiting = [...groups]
  let movedMs = yield* monotonicMs
  const worker = Effect.gen(function* () {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const nowMs = yield* monotonicMs
      if (!reasons.has(group)) movedMs = nowMs
      const leftMs = movedMs + timeoutMs - nowMs
      if (leftMs <= 0) return void waiting.unshift(group)
      const one = operate(group, waiting.length > 0 ? Math.min(leftMs, turnMs) : leftMs)
      const result = yield* Effect.catchTag(one, "OperationUnfinished", Effect.succeed)
      if (result instanceof OperationUnfinished) {
        reasons.set(group, result.reason)
        isBegun ||= result.isBegun
        waiting.push(group)
      } else {
        done.set(group, result)
        movedMs = yield* monotonicMs
      }
    }
  })
  yield* Effect.all(
    Array.from({ length: groupsAtATime }, () => worker),
    { concurrency: "unbounded" }
  )
  const [first] = waiting.sort()
  if (first === undefined) return groups.map((group) => done.get(group)!)
  const progress = groups.length > 1 ? { progress: { groups: groups.length, waiting } } : {}
  const reason = reasons.get(first)!
  return yield* new OperationUnfinished({
    group: first,
    reason,
    isBegun: isBegun || done.size > 0,
    ...progress
  })
})

type Done = Extract<OperatorReply["answer"], { readonly _tag: "Done" }>

const operated = (group: string, { configuration }: Done): Operated => ({
  group,
  ballot: configuration?.ballot,
  leader: configuration?.leader.node,
  acceptors: configuration?.acceptors.map(({ node }) => node) ?? []
})

/** Asks a leader once; undefined where it did not answer. */
const askingOver = (bus: BusShape, cluster: string) => {
  const subjects = subjectsOf(cluster)
  const codec = packetCodec(cluster)
  return Effect.fnUntraced(function* (
    group: GroupId,
    leader: NodeId,
    request: OperatorRequest,
    pass: string
  ): Effect.fn.Return<OperatorReply["answer"] | undefined> {
    const bytes = codec.encode(noReplica, group, { _tag: "OperatorAsk", request, pass })
    const answer = yield* Effect.option(bus.request(subjects.operator(leader), bytes, askTimeoutMs))
    if (answer._tag === "None") return undefined
    const packet = codec.decode(answer.value)
    const body = typeof packet === "string" ? undefined : packet.body
    return body?._tag === "OperatorReply" ? body.answer : undefined
  })
}

/** Why an operation in one group is refused before anybody is asked. */
const faultOf = (bus: BusShape, name: string, request: OperatorRequest, options: OperateOptions) => {
  const nodes = Object.entries(request).flatMap(([field, node]) => (field === "_tag" ? [] : [node]))
  const fault = timeoutFault(options) ?? nameFault("group", name)
  const named = nodes.map((node) => nameFault("node", node)).find((one) => one !== undefined)
  return fault ?? named ?? (bus.status() === "Closed" ? closed : undefined)
}

/** In one group: whoever leads is asked again and again, until it is done. */
const operating = (bus: BusShape, cluster: string): Operate => {
  const ask = askingOver(bus, cluster)
  return Effect.fnUntraced(function* (name, request, options = {}) {
    const fault = faultOf(bus, name, request, options)
    if (fault !== undefined) return yield* new OperationRefused({ group: name, reason: fault })
    const { timeoutMs = defaultTimeoutMs } = options
    const group = GroupId(name)
    const untilMs = (yield* monotonicMs) + timeoutMs
    let reason = "nobody leads the group"
    let isBegun = false
    let leader: NodeId | undefined
    let pass = ""
    let passesInARow = 0
    while ((yield* monotonicMs) < untilMs && bus.status() !== "Closed") {
      const seen = new Surroundings(group)
      leader ??= yield* findLeader(bus, subjectsOf(cluster), group, graceMs, seen)
      if (leader === undefined && !isBegun) reason = seen.absence ?? "nobody leads the group"
      const answer = leader === undefined ? undefined : yield* ask(group, leader, request, pass)
      if (answer?._tag === "Refused") {
        return yield* new OperationRefused({ group: name, reason: answer.reason })
      }
      if (answer?._tag === "Done") return operated(name, answer)
      if (answer?._tag === "AskAgain") {
        pass = answer.pass
        // The first one is good at once, unless something is wrong with the node or with the bus.
        if (passesInARow > 0) {
          reason = `${leader} gives a new pass each time it is asked`
          yield* Effect.sleep(Math.min(pauseMs * 2 ** (passesInARow - 1), passPauseMaxMs))
        }
        passesInARow++
        continue
      }
      passesInARow = 0
      // One that was asked and did not answer may have begun.
      if (leader !== undefined && answer?._tag !== "NotLeader") isBegun = true
      if (answer?._tag === "Waiting") reason = answer.reason
      else leader = answer?.leader === leader ? undefined : answer?.leader
      yield* Effect.sleep(pauseMs)
    }
    if (bus.status() === "Closed") reason = closed
    return yield* new OperationUnfinished({ group: name, reason, isBegun })
  })
}

/** Over a bus, for one cluster. */
export const operatorsOf = (bus: BusShape, cluster: string): Operators => {
  const operate = operating(bus, cluster)
  return {
    transfer: (group, to, options) => operate(group, { _tag: "Transfer", to: NodeId(to) }, options),
    drain: (node, options) =>
      everywhere(bus, cluster, operate, { _tag: "Drain", node: NodeId(node) }, options),
    undrain: (node, options) =>
      everywhere(bus, cluster, operate, { _tag: "Undrain", node: NodeId(node) }, options),
    replace: (group, node, by, options) =>
      operate(group, { _tag: "Replace", node: NodeId(node), by: NodeId(by) }, options)
  }
}

const isComplete = (
  seen: ReadonlyMap<string, { readonly nodes?: ReadonlyArray<string> | undefined }>
): boolean =>
  seen.size > 0 && [...seen.values()].every(({ nodes = [] }) => nodes.every((name) => seen.has(name)))
