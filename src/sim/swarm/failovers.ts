/**
 * Nodes that stay away for long, one after the other and together: the group has to go on all the same while
 * one acceptor of its active configuration lives.
 */
import { Effect } from "effect"
import { kvMachine } from "../../machines/kv.ts"
import type { Configuration } from "../../protocol/configuration.ts"
import type { Replica } from "../../protocol/ids.ts"
import { always, sometimes, watermark } from "../assert.ts"
import type { Cluster } from "../cluster.ts"
import { briskDisk } from "../disk/slowness.ts"
import { timedFault } from "../kernel/timed-fault.ts"
import { NoProgress, stateOf } from "../runs/recovery.ts"
import { ledgerClient } from "../workload/client.ts"
import type { World } from "../world.ts"
import type { FaultFamily } from "./swarm.ts"

const lookEveryMs = 40
const pulseEveryMs = 80

/** Nodes that a fault has cut off, one way or both: the group cannot go on by them. */
const cutOff = new WeakMap<World, Set<string>>()

const isUp = (cluster: Cluster, { node, storage }: Replica): boolean => {
  const seen = cluster.oracle.running.get(node)
  return seen?.replica === `${node}/${storage}` && cluster.processes.get(node)?.frozen === false
}

/** Whether the group can go on: the master is in reach, and so is an acceptor of the active configuration. */
const isViable = (world: World, cluster: Cluster): boolean =>
  cluster.processes.get(cluster.options.master)?.running === true &&
  (cluster.oracle.master?.active?.acceptors ?? []).some(
    (acceptor) => isUp(cluster, acceptor) && cutOff.get(world)?.has(acceptor.node) !== true
  )

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

const soloSeen = sometimes("lasting-outages: one acceptor went on alone")
const newLeaderSeen = sometimes("lasting-outages: another node took the lead")

/** Nodes go down, the leader more often than others, and stay away for seconds. */
export const lastingOutages: FaultFamily = {
  name: "lasting-outages",
  share: 1,
  begin: (world) => {
    const { random } = world
    const everyMs = random.range(800, 5_000)
    let led: string | undefined
    const loop = Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(random.range(Math.ceil(everyMs / 2), everyMs * 2))
        const { cluster } = world
        const active = cluster?.oracle.master?.active
        if (cluster === undefined || active === undefined) continue
        const leader = active.leader.node
        soloSeen.check(active.acceptors.length === 1 && active.ballot > 2)
        newLeaderSeen.check(led !== undefined && led !== leader)
        led = leader
        const victims = expendable(cluster)
        if (victims.length === 0) continue
        const isLeader = victims.includes(leader) && random.chance(0.5)
        const victim = cluster.processes.get(isLeader ? leader : random.pick(victims))!
        const kind = random.pick(["crash", "power"] as const)
        yield* Effect.forkScoped(world.reboot(victim, kind, random.range(500, 8_000)))
      }
    })
    return Effect.scoped(loop)
  }
}

const dropped = sometimes("slow-disks-of-one: a slow backup was dropped")
const handedOver = sometimes("slow-disks-of-one: a leader with a slow disk led no more")

/**
 * One acceptor's disk takes seconds for each write, for a while; the disks of the others are brisk. The next
 * one comes when a group may drop a slow one again.
 */
export const slowDisksOfOne: FaultFamily = {
  name: "slow-disks-of-one",
  share: 1,
  begin: (world) => {
    const { random } = world
    const everyMs = random.range(22_000, 26_000)
    const settings = { everyMs, durationMs: { min: 6_000, max: 15_000 } }
    return timedFault(random, settings, (durationMs) =>
      Effect.suspend(() => {
        const { cluster } = world
        const active = cluster?.oracle.master?.active
        if (cluster === undefined || active === undefined || active.acceptors.length < 2) return Effect.void
        const { node } = random.pick(active.acceptors)
        const { disk } = cluster.processes.get(node)!
        const latency = { kind: "uniform", minMicros: 5_000_000, maxMicros: 10_000_000 } as const
        world.kernel.trace.strike("slow-disk-of-one", node, { durationMs })
        disk.faults = { ...disk.faults, slowness: { ...briskDisk, latency } }
        const heal = Effect.sync(() => {
          const now = cluster.oracle.master?.active
          const isOut = now?.acceptors.some((acceptor) => acceptor.node === node) === false
          dropped.check(isOut && node !== active.leader.node)
          handedOver.check(node === active.leader.node && now?.leader.node !== node)
          disk.faults = { ...disk.faults, slowness: briskDisk }
        })
        return Effect.ensuring(Effect.sleep(durationMs), heal)
      })
    )
  }
}

/** One acceptor hears nobody, or is heard by nobody, for a while; nodes and clients alike. */
export const oneWayCuts: FaultFamily = {
  name: "one-way-cuts",
  share: 1,
  begin: (world) => {
    const { random, bus } = world
    const settings = { everyMs: random.range(2_000, 6_000), durationMs: { min: 1_000, max: 6_000 } }
    return timedFault(random, settings, (durationMs) =>
      Effect.suspend(() => {
        const { cluster } = world
        const name = cluster && random.pick(expendable(cluster))
        if (cluster === undefined || name === undefined) return Effect.void
        const others = [...world.processes.keys()].filter((other) => other !== name)
        const isMute = random.chance(0.5)
        world.kernel.trace.strike(isMute ? "mute" : "deaf", name, { durationMs })
        cutOff.set(world, new Set([name]))
        const heals = others.map((other) =>
          isMute ? bus.severOneWay(name, other) : bus.severOneWay(other, name)
        )
        const heal = Effect.sync(() => {
          cutOff.delete(world)
          for (const one of heals) one()
        })
        return Effect.ensuring(Effect.sleep(durationMs), heal)
      })
    )
  }
}

const undisturbed = always("suspensions: nobody loses its place because everybody stood still")

/**
 * Everything stands still for a while, and goes on: a machine that is suspended with all that runs on it.
 * Nobody was gone, so nobody is to be dropped, and nobody to take the lead.
 */
export const suspensions: FaultFamily = {
  name: "suspensions",
  share: 1,
  begin: (world) => {
    const { random } = world
    const everyMs = 3_000
    return timedFault(random, { everyMs, durationMs: { min: 100, max: 6_000 } }, (durationMs) =>
      Effect.gen(function* () {
        const active = () => world.cluster?.oracle.master?.active
        const before = active()
        const processes = [...world.processes.values()]
        world.kernel.trace.strike("suspension", "everything", { durationMs })
        for (const process of processes) process.freeze()
        const thaw = Effect.sync(() => {
          for (const process of processes) process.thaw()
        })
        yield* Effect.ensuring(Effect.sleep(durationMs), thaw)
        yield* Effect.sleep(1_500)
        const after = active()
        if (before === undefined || before.ballot < 2 || after === undefined) return
        const isSame = after.ballot === before.ballot && after.generation === before.generation
        const names = (one: Configuration) => one.acceptors.map(({ node }) => node).join()
        const told = () =>
          `${durationMs} ms: ballot ${before.ballot} of ${names(before)}, then ${names(after)}`
        undisturbed.check(isSame, told)
      })
    )
  }
}

const longestPause = watermark("steady-progress: longest pause of writes and reads, in failure timeouts")

/** A client that writes and reads in turn as long as faults strike; tells when both were answered last. */
const addPulse = (world: World): (() => number) => {
  const { time } = world.kernel
  let answeredAtMicros = 0
  const program = Effect.gen(function* () {
    const client = yield* ledgerClient(world, kvMachine)
    for (let count = 1; world.phase === "chaos"; count++) {
      const command = { _tag: "Put", key: "pulse", value: String(count) } as const
      yield* Effect.ignore(client.submit(command, { timeoutMs: 120_000, unique: true }))
      yield* Effect.ignore(client.ask({ _tag: "Get", key: "pulse" }, 120_000))
      answeredAtMicros = time.nowMicros
      yield* Effect.sleep(pulseEveryMs)
    }
  })
  world.addProcess({ name: "pulse", program: () => program })
  return () => answeredAtMicros
}

/**
 * Demands that writes and reads go on *while* faults strike: none pauses for longer than failures take to be
 * noticed and seen to, as long as the group can go on at all.
 */
export const steadyProgress = (pauseMaxTimeouts: number): FaultFamily => ({
  name: "steady-progress",
  share: 1,
  begin: (world) => {
    const answeredAtMicros = addPulse(world)
    const { time } = world.kernel
    return Effect.gen(function* () {
      let viableSinceMicros = time.nowMicros
      for (;;) {
        yield* Effect.sleep(lookEveryMs)
        const { cluster } = world
        if (cluster === undefined || !isViable(world, cluster)) {
          viableSinceMicros = time.nowMicros
          continue
        }
        const { failureTimeoutMs } = cluster.options
        const pauseMs = (time.nowMicros - Math.max(viableSinceMicros, answeredAtMicros())) / 1000
        const pauseMaxMs = pauseMaxTimeouts * failureTimeoutMs
        longestPause.note(Math.ceil(pauseMs / failureTimeoutMs))
        if (pauseMs > pauseMaxMs) {
          const lacks = [`no write and read was answered for ${Math.round(pauseMs)} ms`]
          world.violated(new NoProgress(pauseMaxMs, lacks, stateOf(world), "while the group could go on"))
        }
      }
    })
  }
})
