/**
 * Random schedules over cores whose clocks differ as much as they may: while a leader holds a lease, by its
 * own clock, nobody else's ballot is active.
 */
import { describe, expect, it } from "vitest"
import { leaseUntilMs } from "../../src/protocol/leader/held-lease.ts"
import { defaultLeaderSettings } from "../../src/protocol/leader/input.ts"
import type { Edit } from "../../src/sim/mutants/mutant.ts"
import { type Cores, realCores } from "../../src/sim/search/cores.ts"
import { generator } from "../../src/sim/search/generator.ts"
import { ClusterModel } from "../support/cluster-model.ts"
import { chaosStep, settle, weightsOf } from "../support/cluster-model-chaos.ts"
import { loadCores } from "../support/cores.ts"

const maxClockDrift = 0.2
const settings = { ...defaultLeaderSettings, leaseDurationMs: 100, maxClockDrift, handOverWithinMs: 30 }

/** Who still holds a lease though a higher ballot is active. */
const leaseTooMany = (cluster: ClusterModel): string | undefined => {
  const active = cluster.activated.at(-1)?.ballot ?? 0
  for (const node of cluster.nodes.values()) {
    const { leader, self } = node
    if (leader._tag !== "Serving" || leader.configuration.ballot >= active) continue
    const left = leaseUntilMs(leader) - cluster.clockOf(node)
    if (left > 0) return `${self.node} holds a lease for ${left} ms more, and ballot ${active} is active`
  }
  return undefined
}

const seen = { held: 0, handedOver: 0 }

const broken = (cores: Cores, seed: number, events: number): string | undefined => {
  const random = generator(seed)
  const cluster = new ClusterModel("ABC", settings, cores)
  const most = maxClockDrift / (2 - maxClockDrift)
  for (const name of cluster.nodes.keys())
    cluster.rates.set(name, 1 + most * (random() < 0.6 ? Math.sign(random() - 0.5) : 0) * 0.999_999)
  const weights = weightsOf(random)
  const tickMs = random() < 0.5 ? 3 : 12
  cluster.bootstrap("A", "ABC")
  cluster.start("A", "ABC")
  settle(cluster)
  for (let event = 1; event <= events; event++) {
    if (random() < 0.4) cluster.nowMs += random() * tickMs
    for (const { self, leader } of cluster.nodes.values()) {
      if (leader._tag !== "Serving" || random() > 0.02) continue
      const others = leader.configuration.acceptors.filter(({ node }) => node !== self.node)
      const to = others[Math.floor(random() * others.length)]
      if (to !== undefined) cluster.lead(self.node, { _tag: "HandOver", to })
    }
    chaosStep(cluster, random, weights, event)
    const sentence = leaseTooMany(cluster)
    if (sentence !== undefined) return `event ${event}: ${sentence}`
    for (const node of cluster.nodes.values()) {
      const { leader } = node
      if (leader._tag === "Serving" && leaseUntilMs(leader) > cluster.clockOf(node)) seen.held++
      if (leader._tag === "Deposed" && leader.successor !== undefined) seen.handedOver++
    }
  }
  return undefined
}

describe("after every event of a random schedule", () => {
  it("no leader holds a lease while a higher ballot is active, whatever clocks do within their bound", () => {
    for (let seed = 1; seed <= 800; seed++)
      expect(broken(realCores, seed, 250), `seed ${seed}`).toBeUndefined()
    expect(seen.held).toBeGreaterThan(10_000)
    expect(seen.handedOver).toBeGreaterThan(1000)
  })
})

/** The others are found by the simulator, whose messages and clocks are led to where they show. */
const bugs: ReadonlyArray<readonly [string, Edit]> = [
  [
    "nobody waits",
    { file: "protocol/acceptor/lease.ts", find: "nowMs < grants.untilMs &&", replace: "false &&" }
  ],
  [
    "a candidate does not wait for its own acceptor",
    {
      file: "protocol/acceptor/acceptor.ts",
      find: "!mustWait(grants, leader, nowMs)) return prepare",
      replace: "!mustWait(grants, leader, nowMs) || sameReplica(leader, state.self)) return prepare"
    }
  ]
]

describe("random schedules find that", () => {
  for (const [name, edit] of bugs) {
    it(name, async () => {
      const cores = await loadCores([edit])
      const found = Array.from({ length: 2000 }, (_, seed) => seed + 1).some(
        (seed) => broken(cores, seed, 250) !== undefined
      )
      expect(found).toBe(true)
    })
  }
})
