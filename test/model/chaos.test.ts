/**
 * Thousands of random schedules with loss, duplicates, any order and crashes: the laws hold after every
 * event.
 */
import { describe, expect, it } from "vitest"
import { watchAll } from "../../src/protocol/invariants/laws.ts"
import { defaultLeaderSettings } from "../../src/protocol/leader/input.ts"
import type { Edit } from "../../src/sim/mutants/mutant.ts"
import { type Cores, realCores } from "../../src/sim/search/cores.ts"
import { generator } from "../../src/sim/search/generator.ts"
import { ClusterModel } from "../support/cluster-model.ts"
import { chaosStep, settle, submitTo, turn, viewOf, weightsOf } from "../support/cluster-model-chaos.ts"
import { loadCores } from "../support/cores.ts"

const settings = { ...defaultLeaderSettings, windowMax: 3, batchMaxBytes: 30, chunkMaxBytes: 20 }
const schedules = Number(process.env["APLOMB_SCHEDULES"] ?? 1200)

/**
 * The law that the schedule of this seed breaks, or what keeps the cluster from going on once all is calm.
 */
const broken = (cores: Cores, seed: number, events: number): string | undefined => {
  const random = generator(seed)
  const cluster = new ClusterModel(seed % 3 === 0 ? "ABC" : "ABCD", settings, cores)
  const check = watchAll()
  const weights = weightsOf(random)
  cluster.bootstrap("A", random() < 0.5 ? "AB" : "ABC")
  cluster.start("A", "ABC")
  if (random() < 0.7) settle(cluster)
  for (let event = 1; event <= events; event++) {
    chaosStep(cluster, random, weights, event)
    const sentence = check(viewOf(cluster))
    if (sentence !== undefined) return `event ${event}: ${sentence}`
  }
  return stuck(cluster) ?? check(viewOf(cluster))
}

/** Whether the cluster, once healed, activates a ballot, chooses a command and tells all acceptors. */
const stuck = (cluster: ClusterModel): string | undefined => {
  if (!settle(cluster)) return "the messages never end"
  const { leader } = cluster.master.active!
  // Whoever leads and does not get on is given up, as a crash does it.
  if (cluster.node(leader.node).leader._tag !== "Serving" || cluster.master.latest !== undefined) {
    for (const name of cluster.nodes.keys()) cluster.crash(name)
    cluster.start(leader.node, [...cluster.nodes.keys()].join(""))
  }
  for (let turns = 0; turns < 40; turns++) if (!turn(cluster)) return "the messages never end after a timer"
  const active = cluster.master.active!
  const serving = cluster.node(active.leader.node)
  if (serving.leader._tag !== "Serving") return `the leader is ${serving.leader._tag}, not serving`
  submitTo(cluster, active.leader.node, 1_000_000)
  for (let turns = 0; turns < 40; turns++) if (!turn(cluster)) return "the messages never end after a command"
  const { last, chosen } = serving.leader as typeof serving.leader & {
    readonly last: number
    readonly chosen: number
  }
  if (chosen < last) return `slots through ${last} are proposed, but only ${chosen} are chosen`
  const behind = active.acceptors.find(({ node }) => cluster.node(node).applied < last)
  return behind && `${behind.node} applied ${cluster.node(behind.node).applied} of ${last} slots`
}

describe("after every event of a random schedule the laws hold, and the healed cluster goes on", () => {
  it("with whole logs in one message", () => {
    for (let seed = 1; seed <= schedules; seed++)
      expect(broken(realCores, seed, 300), `seed ${seed}`).toBeUndefined()
  })

  it("with logs read in chunks of one entry", async () => {
    const edit = {
      file: "protocol/acceptor/acceptor.ts",
      find: "preparedChunkBytes = 256 * 1024",
      replace: "preparedChunkBytes = 12"
    }
    const cores = await loadCores([edit])
    for (let seed = 1; seed <= schedules / 2; seed++)
      expect(broken(cores, seed, 400), `seed ${seed}`).toBeUndefined()
  })
})

/** What only late disks and crashes show; the search, whose disks are immediate, shows the rest. */
const crashMutants: ReadonlyArray<readonly [id: string, ...edits: ReadonlyArray<Edit>]> = [
  [
    "an acknowledgement leaves before it is durable",
    {
      file: "protocol/acceptor/acceptor.ts",
      find: 'Array<Output> = [...notes, { _tag: "Persist", records, release }]',
      replace: 'Array<Output> = [...notes, { _tag: "Persist", records, release: [] }, ...release]'
    }
  ],
  [
    "a promise is not written",
    {
      file: "protocol/acceptor/acceptor.ts",
      find: 'records: [{ _tag: "Promised", ballot: configuration.ballot }]',
      replace: "records: []"
    }
  ],
  [
    "an acceptor counts as chosen what the leader's message did not cover",
    { file: "protocol/acceptor/acceptor.ts", find: "slotMin(message.chosen, lastSlot)", replace: "log.last" }
  ],
  [
    "a leader takes answers to an earlier ballot of its own for answers to this one",
    {
      file: "protocol/leader/prepare.ts",
      find: "if (message.ballot !== state.configuration.ballot) return stay(state)\n  switch",
      replace: "switch"
    }
  ],
  [
    "a ballot is activated once more, in its first generation",
    {
      file: "protocol/master/master.ts",
      find: "if (state.active?.ballot === ballot) return activated(state, requestId, state.active)",
      replace:
        "const first = state.active && { ...state.active, generation: 0 }\n" +
        "  if (first?.ballot === ballot) return activated({ ...state, active: first }, requestId, first)"
    }
  ],
  [
    "an outsider takes entries in without a promise of their ballot",
    {
      file: "protocol/membership/outsider.ts",
      find: "Ballot(Math.max(state.promised, active.ballot, runs[runs.length - 1]?.ballot ?? noBallot))",
      replace: "state.promised"
    }
  ],
  [
    "an outsider takes entries in that do not go on from what it knows to be chosen",
    { file: "protocol/membership/outsider.ts", find: "before > known", replace: "before > log.last" }
  ],
  [
    "an acceptor that votes replaces its log by what is chosen",
    {
      file: "protocol/membership/outsider.ts",
      find: "active.ballot >= promised && !isAcceptorOf(active, self)",
      replace: "active.ballot >= promised"
    },
    { file: "protocol/membership/outsider.ts", find: "newRuns(log, news)", replace: "news" }
  ],
  [
    "the leader's own acceptor gets no proposals while it is behind",
    { file: "protocol/replication/propose.ts", find: " && !sameReplica(acceptor, before.self)", replace: "" }
  ]
]

describe("random schedules find", () => {
  for (const [id, ...edits] of crashMutants) {
    it(id, async () => {
      const cores = await loadCores(edits)
      let found: string | undefined
      for (let seed = 1; seed <= 1000 && found === undefined; seed++) {
        try {
          found = broken(cores, seed, 300)
        } catch (error) {
          found = String(error)
        }
      }
      expect(found).toBeDefined()
    })
  }
})
