/**
 * Random schedules over a cluster model: loss, duplicates, any order, late disks, crashes; and the calm after
 * them.
 */
import { ClientId, SessionId } from "../../src/protocol/ids.ts"
import type { ClusterView, NodeView } from "../../src/protocol/invariants/cluster-view.ts"
import { leads } from "../../src/protocol/leader/leader.ts"
import { keepAliveEntry } from "../../src/protocol/log/entry.ts"
import { type MemoryLog, valueAt } from "../../src/sim/search/memory-log.ts"
import type { ClusterModel } from "./cluster-model.ts"
import type { ModelNode } from "./cluster-model-node.ts"

const seen = (log: MemoryLog) => ({
  last: log.last,
  ballotAt: log.ballotAt,
  valueAt: (slot: Parameters<MemoryLog["ballotAt"]>[0]) => valueAt(log, slot)
})

const viewOfNode = (node: ModelNode): NodeView => {
  const configuration = leads(node.leader)
  const chosen = node.leader._tag === "Serving" ? node.leader.chosen : (0 as never)
  return {
    replica: node.self,
    promised: node.acceptor.promised,
    durablePromised: node.disk.log.promised,
    log: seen(node.log),
    synced: seen(node.disk.log),
    changedFrom: node.changedFrom,
    chosen: node.acceptor.chosen,
    applied: node.applied,
    stateHash: node.applied === 0 ? undefined : node.stateHash,
    leader: configuration && { phase: node.leader._tag, configuration, chosen }
  }
}

/** The cluster as the laws see it. Call it once per look: it forgets what has changed since the last one. */
export const viewOf = (cluster: ClusterModel): ClusterView => {
  const nodes = [...cluster.nodes.values()].map(viewOfNode)
  for (const node of cluster.nodes.values()) node.changedFrom = Number.MAX_SAFE_INTEGER as never
  return { nodes, activated: cluster.activated }
}

type Random = () => number

const pick = <T>(random: Random, all: ReadonlyArray<T>): T => all[Math.floor(random() * all.length)]!

/** How often each kind of event comes in one schedule; every seed has its own. */
export const weightsOf = (random: Random) => {
  const weight = (typical: number) => typical * 10 ** (2 * random() - 1)
  return {
    deliver: 60,
    own: weight(40),
    sync: weight(40),
    master: weight(40),
    lose: weight(1),
    duplicate: weight(3),
    timer: weight(3),
    submit: weight(8),
    start: weight(0.6),
    reconfigure: weight(0.6),
    teach: weight(4),
    retire: weight(0.3),
    crash: weight(0.3)
  }
}

type Weights = ReturnType<typeof weightsOf>

/** One event, drawn at random. */
export const chaosStep = (cluster: ClusterModel, random: Random, weights: Weights, serial: number): void => {
  const kinds = Object.keys(weights) as ReadonlyArray<keyof Weights>
  let left = random() * kinds.reduce((sum, kind) => sum + weights[kind], 0)
  const all = [...cluster.nodes.values()]
  // Where nobody leads nothing happens: somebody notices after a while.
  const idle = all.every((node) => node.leader._tag === "Deposed") && random() < 0.1
  const kind = idle ? "start" : (kinds.find((one) => (left -= weights[one]) <= 0) ?? "deliver")
  const node = pick(random, all)
  const name = node.self.node
  switch (kind) {
    case "deliver":
    case "lose":
    case "duplicate":
      return letter(cluster, random, kind)
    case "own":
      return cluster.receiveOwn(
        pick(
          random,
          withWork(all, (one) => one.mailbox)
        ).self.node
      )
    case "sync":
      return cluster.sync(
        pick(
          random,
          withWork(all, (one) => one.unsynced)
        ).self.node
      )
    case "master":
      return master(cluster, random)
    case "timer":
      if (node.timers.size > 0) cluster.fire(name, pick(random, [...node.timers]))
      return
    case "submit":
      for (const { self, leader } of all) if (leader._tag === "Serving") submitTo(cluster, self.node, serial)
      return
    case "start": {
      const names = [...cluster.nodes.keys()].filter((other) => other === name || random() < 0.6)
      if (random() < 0.3) cluster.crash(name)
      return cluster.start(name, names.join(""))
    }
    case "reconfigure": {
      const leading = all.filter(({ leader }) => leader._tag !== "Deposed")
      if (leading.length === 0) return
      const { self } = pick(random, leading)
      const names = [...cluster.nodes.keys()].filter((other) => other === self.node || random() < 0.6)
      return cluster.reconfigure(self.node, names.join(""))
    }
    case "teach":
      return cluster.teach(name, pick(random, all).self.node, random() < 0.2)
    case "retire":
      return retire(cluster, random)
    case "crash":
      return cluster.crash(name)
  }
}

const withWork = (all: ReadonlyArray<ModelNode>, work: (node: ModelNode) => ReadonlyArray<unknown>) => {
  const some = all.filter((node) => work(node).length > 0)
  return some.length > 0 ? some : all
}

const letter = (cluster: ClusterModel, random: Random, kind: "deliver" | "lose" | "duplicate"): void => {
  const { network } = cluster
  if (network.length === 0) return
  // Mostly one of the oldest, so that runs get anywhere; now and then any.
  const among = random() < 0.8 ? Math.min(4, network.length) : network.length
  const index = Math.floor(random() * among)
  const { from, to, message } = network[index]!
  if (kind !== "duplicate") network.splice(index, 1)
  if (kind !== "lose") cluster.receive(to, from, message)
}

const master = (cluster: ClusterModel, random: Random): void => {
  const { requests, replies } = cluster
  if (requests.length > 0 && random() < 0.5) {
    const index = Math.floor(random() * requests.length)
    const { from, request } = requests[index]!
    if (random() < 0.9) requests.splice(index, 1)
    cluster.askMaster(from, request)
  } else if (replies.length > 0) {
    const [{ to, reply }] = replies.splice(Math.floor(random() * replies.length), 1) as [(typeof replies)[0]]
    cluster.lead(to, { _tag: "FromMaster", reply })
  }
}

const retire = (cluster: ClusterModel, random: Random): void => {
  const { active } = cluster.master
  if (active === undefined) return
  const origin = { ballot: active.ballot, generation: active.generation }
  const requestId = `retire ${origin.ballot} ${origin.generation}`
  cluster.askMaster(active.leader.node, {
    _tag: "Retire",
    requestId,
    origin,
    acceptor: pick(random, active.acceptors)
  })
}

/** One command for a leader, proposed at once. */
export const submitTo = (cluster: ClusterModel, name: string, serial: number): void => {
  const bytes = keepAliveEntry(SessionId(serial))
  cluster.lead(name, { _tag: "Submit", client: ClientId("c"), submission: serial, bytes })
  cluster.lead(name, { _tag: "Flush", wallMs: serial })
}

/** Everything that is on its way arrives, in order, until nothing is. False where it never ends. */
export const settle = (cluster: ClusterModel): boolean => {
  for (let steps = 0; steps < 20_000; steps++) {
    const busy = [...cluster.nodes.values()].find((node) => node.mailbox.length + node.unsynced.length > 0)
    const { network, requests, replies } = cluster
    if (busy !== undefined) {
      if (busy.mailbox.length > 0) cluster.receiveOwn(busy.self.node)
      else cluster.sync(busy.self.node)
    } else if (network.length > 0) {
      const { from, to, message } = network.shift()!
      cluster.receive(to, from, message)
    } else if (requests.length > 0) {
      const { from, request } = requests.shift()!
      cluster.askMaster(from, request)
    } else if (replies.length > 0) {
      const { to, reply } = replies.shift()!
      cluster.lead(to, { _tag: "FromMaster", reply })
      cluster.lead(to, { _tag: "Flush", wallMs: 0 })
    } else return true
  }
  return false
}

/** Every timer that is set fires once, and all that follows arrives. */
export const turn = (cluster: ClusterModel): boolean => {
  for (const node of cluster.nodes.values()) {
    for (const timer of [...node.timers]) cluster.fire(node.self.node, timer)
    cluster.lead(node.self.node, { _tag: "Flush", wallMs: 0 })
  }
  return settle(cluster)
}
