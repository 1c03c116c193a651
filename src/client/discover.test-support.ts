/** A node as it answers when nodes are asked for their state. */
import type { NodeSeen } from "./discover.ts"

/** One that runs and has no groups, unless told otherwise. */
export const nodeSeen = (id: string, change: Partial<NodeSeen> = {}): NodeSeen => ({
  id,
  storage: "s",
  pid: 7,
  state: "running",
  counters: {},
  groups: [],
  ...change
})
