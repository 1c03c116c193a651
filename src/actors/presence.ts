/** Who is here: nodes tell each other their storage, and two processes under one name find each other out. */
import { Clock, Data, Effect, Random } from "effect"
import { GroupId, type NodeId, type Replica } from "../protocol/ids.ts"
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
  /** Fails when another process turns out to be this node, and to have been here first. */
  readonly duplicate: Effect.Effect<never, DuplicateNode>
  /** Says hello again: after the bus was away, somebody else may have taken the name. */
  readonly greet: () => void
}

/** How long a starting node listens for another one of its name. */
const listenMs = 250
const noGroup = GroupId("")

/**
 * Announces this node and listens for the others. Fails with `DuplicateNode` where the name is taken. Of two that meet, the
 * one that started earlier stays.
 */
export const announce = Effect.fnUntraced(function* (context: NodeContext) {
  const { self, subjects } = context
  const known = new Map<NodeId, Replica>([[self.node, self]])
  const instance = `${(yield* Random.nextInt).toString(36)}${(yield* Random.nextInt).toString(36)}`
  const startedAtMs = yield* Clock.currentTimeMillis
  const hello = (asks: boolean): Hello => ({ _tag: "Hello", instance, startedAtMs, asks })
  const say = (asks: boolean) => context.publish(subjects.hello, noGroup, hello(asks))
  let lost: (() => void) | undefined
  let isLost = false
  const hear = ({ from, body }: Packet): void => {
    if (body._tag !== "Hello" || body.instance === instance) return
    if (from.node !== self.node) known.set(from.node, from)
    else if (isEarlier(body, hello(false))) {
      isLost = true
      lost?.()
    }
    if (body.asks) say(false)
  }
  yield* context.listen(subjects.hello, hear)
  say(true)
  yield* Effect.sleep(listenMs)
  const failure = new DuplicateNode({ node: self.node })
  if (isLost) return yield* failure
  const presence: Presence = {
    replicaOf: (node) => known.get(node),
    duplicate: Effect.callback<never, DuplicateNode>((resume) => {
      if (isLost) return resume(Effect.fail(failure))
      lost = () => resume(Effect.fail(failure))
    }),
    greet: () => say(true)
  }
  return presence
})

const isEarlier = (a: Hello, b: Hello): boolean =>
  a.startedAtMs < b.startedAtMs || (a.startedAtMs === b.startedAtMs && a.instance < b.instance)
