/** Which node is asked for the log of a group. */
import { Effect } from "effect"
import type { AskOptions } from "../actors/catch-up/catch-up.ts"
import { copyIn, type NodeSeen, surveyNodes } from "../client/discover.ts"
import { NodeId } from "../protocol/ids.ts"
import { CommandFailed, exitCodes } from "./failure.ts"

export interface Holder {
  readonly id: NodeId
  /** Its last slot that is chosen. */
  readonly chosen: number
}

const copiesIn = (nodes: Iterable<NodeSeen>, group: string): ReadonlyArray<Holder> =>
  [...nodes].flatMap((node) => {
    const copy = copyIn(node, group)
    return copy === undefined ? [] : { id: NodeId(node.id), chosen: copy.chosen }
  })

const unavailable = (reason: string) => new CommandFailed({ reason, exitCode: exitCodes.unavailable })

/** The holder of a group's log is gone, and others that hold it do not answer either. */
export const noHolder = ({ group, timeoutMs }: AskOptions): CommandFailed =>
  unavailable(`no node that holds the group "${group}" answers within ${timeoutMs} ms; see aplomb status`)

/**
 * The first node to answer that holds the group; nodes that do not hold it are passed over. Fails where there
 * is none within the time.
 */
export const findHolder = Effect.fnUntraced(function* (asking: AskOptions) {
  const { bus, subjects, group, timeoutMs } = asking
  const isFound = (seen: ReadonlyMap<string, NodeSeen>) => copiesIn(seen.values(), group).length > 0
  const seen = yield* surveyNodes(bus, subjects, timeoutMs, isFound)
  const [holder] = [...copiesIn(seen, group)].sort((a, b) => b.chosen - a.chosen)
  if (holder !== undefined) return holder
  if (seen.length === 0) return yield* noHolder(asking)
  const names = seen.map(({ id }) => id).join(", ")
  const who = `none of the nodes that answered within ${timeoutMs} ms (${names})`
  return yield* unavailable(`${who} holds the group "${group}"; see aplomb status`)
})
