/** The flows around leases: reading under one, giving it back, letting it run out. */
import { settle } from "../support/cluster-model-chaos.ts"
import { ask, lose, type Script, serving, submit } from "./script.ts"

export const leased = (): Script => {
  const script = serving("ABC", "ABC", { leaseDurationMs: 200, maxClockDrift: 0.01 })
  const { cluster } = script
  script.heading("All acceptors granted A a lease of 200 ms: a question is answered without a round.")
  ask(cluster, "A", 1)
  settle(cluster)
  script.heading("After 100 ms without another grant B wants to lead: its own acceptor keeps its Prepare.")
  cluster.nowMs = 100
  cluster.start("B", "BC")
  settle(cluster)
  script.heading("A goes on to serve, and C grants it a new lease; B, where a Prepare waits, does not.")
  submit(cluster, "A", 1)
  settle(cluster)
  script.heading("Then the lease of A is over by its own clock: a question goes the way of a round.")
  cluster.nowMs = 199
  ask(cluster, "A", 2)
  settle(cluster)
  script.heading("Now it is over by the clock of B as well: B prepares, carries and leads.")
  cluster.nowMs = 200
  cluster.fire("B", "lease-wait")
  settle(cluster)
  return script
}

export const handedOver = (): Script => {
  const script = serving("ABC", "ABC", { leaseDurationMs: 200, maxClockDrift: 0.01 })
  const { cluster } = script
  script.heading("A is to hand over to B: B is invited, and A serves on.")
  cluster.lead("A", { _tag: "HandOver", to: cluster.node("B").self })
  submit(cluster, "A", 1)
  settle(cluster)
  script.heading("B gets a ballot. Its own acceptor keeps its Prepare, for the lease of A runs.")
  cluster.start("B", "ABC")
  settle(cluster)
  script.heading("A sees by the next answer of B that B is ready; what comes now is refused in the end.")
  submit(cluster, "A", 2)
  cluster.nowMs = 10
  cluster.fire("A", "hand-over")
  settle(cluster)
  return script
}

export const silent = (): Script => {
  const script = serving("AB", "AB", { leaseDurationMs: 200, maxClockDrift: 0.01, quietAfterMs: 3000 })
  const { cluster } = script
  script.heading("A command is chosen. The next beat tells B, and is lost; the one after it arrives.")
  submit(cluster, "A", 1)
  settle(cluster)
  cluster.fire("A", "heartbeat")
  cluster.nowMs = 50
  cluster.fire("A", "heartbeat")
  lose(script, "B")
  cluster.nowMs = 100
  cluster.fire("A", "heartbeat")
  settle(cluster)
  script.heading("For three seconds nobody wants anything: A beats no more.")
  cluster.nowMs = 4000
  cluster.fire("A", "heartbeat")
  cluster.fire("A", "heartbeat")
  settle(cluster)
  script.heading("B hears by the roll of A's node of what it does not know, and has A speak.")
  cluster.lead("A", { _tag: "Rouse", ballot: cluster.node("A").acceptor.promised })
  settle(cluster)
  script.heading("Its lease has run out: a question goes the way of a round, which brings another one.")
  cluster.nowMs = 4500
  ask(cluster, "A", 1)
  settle(cluster)
  ask(cluster, "A", 2)
  return script
}
