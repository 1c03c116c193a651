/** Who is here: nodes tell each other their storage, and two processes under one name find each other out. */
import { Clock, Data, Effect, Random } from "effect"
import { type Ballot, GroupId, type NodeId, noBallot, type Replica } from "../protocol/ids.ts"
import type { PromisedIn } from "../protocol/taking-seat.ts"
import type { Hello, Packet } from "../wire/packet.ts"
import type { NodeContext } from "./node-context.ts"

/** Another process runs under this node's name. */
export class DuplicateNode extends Data.TaggedError("DuplicateNode")<{ readonly node: string }> {
  override get message(): string {
    return `another process runs as node ${this.node} in this cluster; stop it, or give this one another name`
  }
}

export interface Presence {
  /** The replica that a node said it is; undefined before it was heard. */
  readonly replicaOf: (node: NodeId) => Replica | undefined
  /** The highest ballot of a group that a node was heard to have promised. */
  readonly promisedOf: (group: GroupId) => Ballot
  /** Fails when another process turns out to be this node, and to have been here first. */
  readonly duplicate: Effect.Effect<never, DuplicateNode>
  /** Says hello again: after the bus was away, somebody else may have taken the name. */
  readonly greet: () => void
  /** The same for those who wait to hear of a node: not more often than now and then, however many wait. */
  readonly lookFor: () => void
}

/** Many groups may want to hear of the same nodes: at most one hello goes out in this time. */
const greetEveryMs = 40
/** How long a starting node listens for another one of its name. */
const listenMs = 250
const noGroup = GroupId("")

type Started = Pick<Hello, "instance" | "startedAtMs">

/**
 * Announces this node and listens for the others. Fails with `DuplicateNode` where the name is taken: then
 * somebody under it answers while this node starts. Of two that meet later, the one that started earlier
 * stays.
 *
 * Only an answer to this very process proves that somebody is there: a hello by itself may be an old one, of
 * this node's last life, that somebody sends again.
 */
export const announce = Effect.fnUntraced(function* (
  context: NodeContext,
  nodes: ReadonlyArray<string>,
  promised: () => ReadonlyArray<PromisedIn>
) {
  const { self, subjects } = context
  const known = new Map<NodeId, Replica>([[self.node, self]])
  const instance = `${(yield* Random.nextInt).toString(36)}${(yield* Random.nextInt).toString(36)}`
  const startedAtMs = yield* Clock.currentTimeMillis
  const me = { _tag: "Hello", instance, startedAtMs } as const
  const heard = new Map<GroupId, Ballot>()
  const say = (hello: Omit<Hello, "promised">) =>
    context.publish(subjects.hello, noGroup, { ...hello, promised: promised() })
  const ask = () => say({ ...me, asks: true, answers: "" })
  let greetedAtMs = Number.NEGATIVE_INFINITY
  let isStarting = true
  let lost: (() => void) | undefined
  let isLost = false
  const hearNamesake = (hello: Hello): void => {
    if (hello.answers === instance && (isStarting || isEarlier(hello, me))) {
      isLost = true
      lost?.()
    } else if (hello.answers === "" && isEarlier(hello, me)) ask()
  }
  const hear = ({ from, body }: Packet): void => {
    if (body._tag !== "Hello" || body.instance === instance) return
    const isNamesake = from.node === self.node
    if (isNamesake) hearNamesake(body)
    // Whoever makes names up must not fill our memory with them.
    else if (nodes.includes(from.node)) {
      known.set(from.node, from)
      for (const { group, ballot } of body.promised)
        if (ballot > (heard.get(group) ?? noBallot)) heard.set(group, ballot)
    }
    // Whoever has not got its name yet does not defend it.
    if (body.asks && !(isNamesake && isStarting)) say({ ...me, asks: false, answers: body.instance })
  }
  yield* context.listen(subjects.hello, hear)
  ask()
  yield* Effect.sleep(listenMs)
  const duplicate = () => new DuplicateNode({ node: self.node })
  if (isLost) return yield* duplicate()
  isStarting = false
  // Of two that started in the same moment each hears the other only now.
  ask()
  const lookFor = () => {
    const nowMs = context.monotonicMs()
    if (nowMs - greetedAtMs < greetEveryMs) return
    greetedAtMs = nowMs
    ask()
  }
  const presence: Presence = {
    replicaOf: (node) => known.get(node),
    promisedOf: (group) => heard.get(group) ?? noBallot,
    duplicate: Effect.callback<never, DuplicateNode>((resume) => {
      if (isLost) return resume(Effect.fail(duplicate()))
      lost = () => resume(Effect.fail(duplicate()))
    }),
    greet: ask,
    lookFor
  }
  return presence
})

const isEarlier = (a: Started, b: Started): boolean =>
  a.startedAtMs < b.startedAtMs || (a.startedAtMs === b.startedAtMs && a.instance < b.instance)
