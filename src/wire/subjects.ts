/** Where on the bus everyone listens. Names of clusters, nodes and groups are single tokens. */
import type { ClientId, GroupId, NodeId, SessionId } from "../protocol/ids.ts"

/** Letters, digits, dash and underscore: one token of a subject, whatever the bus. */
export const namePattern = /^[A-Za-z0-9_-]{1,64}$/

/** Why a name of a cluster, a node or a group cannot be one; undefined where it can. */
export const nameFault = (what: string, name: unknown): string | undefined => {
  if (typeof name === "string" && namePattern.test(name)) return undefined
  const found = typeof name === "string" ? JSON.stringify(name) : String(name)
  return `${found} is no name of a ${what}: give 1 to 64 letters, digits, dashes or underscores`
}

export interface Subjects {
  /** What is for one node. */
  readonly node: (node: NodeId) => string
  /** What a node has to say to all others: one publish, fanned out by the bus. */
  readonly from: (node: NodeId) => string
  /** Nodes announce themselves here. */
  readonly hello: string
  /** A node that asked the others to announce themselves is answered here. */
  readonly helloTo: (node: NodeId) => string
  /** Every node answers questions about its state here. */
  readonly status: string
  /** The master on a node answers here. */
  readonly master: (node: NodeId) => string
  /** A node hands out chosen entries of its logs here. */
  readonly catchUp: (node: NodeId) => string
  /** Whoever begins to lead a group says so here. */
  readonly leading: (group: GroupId) => string
  /** A node takes what operators ask of the groups that it leads here. */
  readonly operator: (node: NodeId) => string
  /** A node hands out pieces of its snapshots here. */
  readonly snapshot: (node: NodeId) => string
  /** What a client hears before it has a session, and refusals. */
  readonly client: (client: ClientId) => string
  /** Results of a session's commands: whoever leads can answer without knowing the client. */
  readonly session: (group: GroupId, session: SessionId) => string
}

export const subjectsOf = (cluster: string): Subjects => ({
  node: (node) => `aplomb.${cluster}.node.${node}`,
  from: (node) => `aplomb.${cluster}.from.${node}`,
  hello: `aplomb.${cluster}.hello`,
  helloTo: (node) => `aplomb.${cluster}.hello.${node}`,
  status: `aplomb.${cluster}.status`,
  master: (node) => `aplomb.${cluster}.master.${node}`,
  catchUp: (node) => `aplomb.${cluster}.catch-up.${node}`,
  leading: (group) => `aplomb.${cluster}.leading.${group}`,
  operator: (node) => `aplomb.${cluster}.operator.${node}`,
  snapshot: (node) => `aplomb.${cluster}.snapshot.${node}`,
  client: (client) => `aplomb.${cluster}.client.${client}`,
  session: (group, session) => `aplomb.${cluster}.session.${group}.${session}`
})
