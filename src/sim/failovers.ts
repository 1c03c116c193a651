/**
 * Nodes that stay away for long, one after the other and together: the group has to go on all the same while
 * one acceptor of its active configuration lives.
 */
import { Effect } from "effect"
import { kvMachine } from "../machines/kv.ts"
import type { Replica } from "../protocol/ids.ts"
import { sometimes, watermark } from "./assert.ts"
import type { Cluster } from "./cluster.ts"
import { briskDisk } from "./disk/slowness.ts"
import { timedFault } from "./kernel-timed-fault.ts"
import { NoProgress, stateOf } from "./recovery.ts"
import type { FaultFamily } from "./swarm.ts"
import { ledgerClient } from "./workload/client.ts"
import type { World } from "./world.ts"

const lookEveryMs = 20
const pulseEveryMs = 25

const isUp = (cluster: Cluster, { node, storage }: Replica): boolean => {
  const seen = cluster.oracle.running.get(node)
  return seen?.replica === `${node}/${storage}` && cluster.processes.get(node)?.frozen === false
}

/** Whether the group can go on: the master is in reach, and so is an acceptor of the active configuration. */
const isViable = (cluster: Cluster): boolean =>
  cluster.processes.get(cluster.options.master)?.running === true &&
  (cluster.oracle.master?.active?.acceptors ?? []).some((acceptor) => isUp(cluster, acceptor))

/** Nodes that may go down now: without each, an acceptor of what is or may become active lives. */
const expendable = (cluster: Cluster): ReadonlyArray<string> => {
  const { active, latest } = cluster.oracle.master ?? {}
  if (active === undefined) return []
  const living = (acceptors: ReadonlyArray<Replica>, without: string) =>
    acceptors.some((acceptor) => acceptor.node !== without && isUp(cluster, acceptor))
  return cluster.names.filter(
    (name) =>
      name !== cluster.options.master &&
      cluster.processes.get(name)?.running === true &&
      living(active.acceptors, name) &&
      living((latest?.configuration ?? active).acceptors, name)
  )
}

/** Nodes go down, the leader more often than others, and stay away for seconds. */
export const lastingOutages: FaultFamily = {
  name: "lasting-outages",
  share: 1,
  begin: (world) => {
    const { random } = world
    const everyMs = random.range(800, 5_000)
    const loop = Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(random.range(Math.ceil(everyMs / 2), everyMs * 2))
        const { cluster } = world
        const victims = cluster === undefined ? [] : expendable(cluster)
        if (cluster === undefined || victims.length === 0) continue
        const leader = cluster.oracle.master?.active?.leader.node
        const isLeader = leader !== undefined && victims.includes(leader) && random.chance(0.5)
        const victim = cluster.processes.get(isLeader ? leader : random.pick(victims))!
        const kind = random.pick(["crash", "power"] as const)
        yield* Effect.forkScoped(world.reboot(victim, kind, random.range(500, 8_000)))
      }
    })
    return Effect.scoped(loop)
  }
}

const dropped = sometimes("slow-backups: a slow backup was dropped")

/**
 * One backup's disk takes seconds for each write, for a while; the disks of the others are brisk. The next
 * one comes when a group may drop a slow backup again.
 */
export const slowBackups: FaultFamily = {
  name: "slow-backups",
  share: 1,
  begin: (world) => {
    const { random } = world
    const everyMs = random.range(22_000, 26_000)
    const settings = { everyMs, durationMs: { min: 3_000, max: 10_000 } }
    return timedFault(random, settings, (durationMs) =>
      Effect.suspend(() => {
        const active = world.cluster?.oracle.master?.active
        const backups = (active?.acceptors ?? []).filter(({ node }) => node !== active?.leader.node)
        if (backups.length === 0) return Effect.void
        const { node } = random.pick(backups)
        const { disk } = world.cluster!.processes.get(node)!
        const latency = { kind: "uniform", minMicros: 2_000_000, maxMicros: 6_000_000 } as const
        world.kernel.trace.strike("slow-backup", node, { durationMs })
        disk.faults = { ...disk.faults, slowness: { ...briskDisk, latency } }
        const heal = Effect.sync(() => {
          const now = world.cluster?.oracle.master?.active
          dropped.check(now?.acceptors.some((acceptor) => acceptor.node === node) === false)
          disk.faults = { ...disk.faults, slowness: briskDisk }
        })
        return Effect.ensuring(Effect.sleep(durationMs), heal)
      })
    )
  }
}

const longestPause = watermark("steady-progress: longest pause of the writes, in failure timeouts")
const soloSeen = sometimes("lasting-outages: one acceptor went on alone")
const newLeaderSeen = sometimes("lasting-outages: another node took the lead")

/** A client that writes all the time, as long as faults strike; tells when it was answered last. */
const addPulse = (world: World): (() => number) => {
  const { time } = world.kernel
  let answeredAtMicros = 0
  const program = Effect.gen(function* () {
    const client = yield* ledgerClient(world, kvMachine)
    for (let count = 1; world.phase === "chaos"; count++) {
      const command = { _tag: "Put", key: "pulse", value: String(count) } as const
      yield* Effect.ignore(client.submit(command, { timeoutMs: 120_000, unique: true }))
      answeredAtMicros = time.nowMicros
      yield* Effect.sleep(pulseEveryMs)
    }
  })
  world.addProcess({ name: "pulse", program: () => program })
  return () => answeredAtMicros
}

/**
 * Demands that writes go on *while* faults strike: none pauses for longer than failures take to be noticed
 * and seen to, as long as the group can go on at all.
 */
export const steadyProgress = (pauseMaxTimeouts: number): FaultFamily => ({
  name: "steady-progress",
  share: 1,
  begin: (world) => {
    const answeredAtMicros = addPulse(world)
    const { time } = world.kernel
    return Effect.gen(function* () {
      let viableSinceMicros = time.nowMicros
      let leader: string | undefined
      for (;;) {
        yield* Effect.sleep(lookEveryMs)
        const { cluster } = world
        if (cluster === undefined || !isViable(cluster)) {
          viableSinceMicros = time.nowMicros
          continue
        }
        const { failureTimeoutMs } = cluster.options
        const pauseMs = (time.nowMicros - Math.max(viableSinceMicros, answeredAtMicros())) / 1000
        const pauseMaxMs = pauseMaxTimeouts * failureTimeoutMs
        longestPause.note(Math.ceil(pauseMs / failureTimeoutMs))
        const active = cluster.oracle.master!.active!
        soloSeen.check(active.acceptors.length === 1 && pauseMs < failureTimeoutMs && active.ballot > 2)
        newLeaderSeen.check(leader !== undefined && leader !== active.leader.node)
        leader = active.leader.node
        if (pauseMs > pauseMaxMs) {
          const lacks = [`no write was acknowledged for ${Math.round(pauseMs)} ms`]
          world.violated(new NoProgress(pauseMaxMs, lacks, stateOf(world), "while the group could go on"))
        }
      }
    })
  }
})
