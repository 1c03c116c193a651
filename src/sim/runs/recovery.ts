/**
 * Recovery: when the faults have stopped the system must make progress by itself, within a bound of virtual
 * time.
 */
import { Effect } from "effect"
import { kvMachine } from "../../machines/kv.ts"
import type { ClusterGroup } from "../cluster-group.ts"
import type { Oracle } from "../oracle/oracle.ts"
import { ledgerClient } from "../workload/client.ts"
import type { World } from "../world.ts"

/** The system did not come to work again although nothing is broken any more. */
export class NoProgress extends Error {
  constructor(
    withinMs: number,
    lacks: ReadonlyArray<string>,
    state: ReadonlyArray<string>,
    when = "after the faults ended"
  ) {
    super(`no progress within ${withinMs} ms ${when}: ${lacks.join("; ")}. ${state.join("; ")}`)
    this.name = "NoProgress"
  }
}

const lookEveryMs = 50

/** Waits until `isTrue`, looking now and then; false where the time runs out first. */
const waitFor = (isTrue: () => boolean, withinMs: number): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    if (isTrue()) return Effect.succeed(true)
    if (withinMs <= 0) return Effect.succeed(false)
    return Effect.andThen(Effect.sleep(lookEveryMs), waitFor(isTrue, withinMs - lookEveryMs))
  })

/** What a client waits for its answer where nobody says how long. */
const patienceMs = 5_000

/** A new client of each group, to be added when no fault strikes any more: it writes once. */
export const addProbes = (world: World, recoverMs: number): (() => boolean) => {
  const names = world.cluster?.groups.map(({ name }) => name) ?? []
  const timeoutMs = Math.max(patienceMs, recoverMs)
  const probes = names.map((group, index) =>
    addProbe(world, group, index === 0 ? "probe" : `probe-${group}`, timeoutMs)
  )
  return () => probes.every((isAnswered) => isAnswered())
}

/**
 * It waits as long as the recovery may take. A leader that proposes one command at a time, far from its
 * acceptors and with others that ask and ask, takes six seconds for each: a client that gave up sooner would
 * only stand in the line again.
 */
const addProbe = (world: World, group: string, name: string, timeoutMs: number): (() => boolean) => {
  let isAnswered = false
  const program = Effect.gen(function* () {
    const client = yield* ledgerClient(world, kvMachine, group)
    while (!isAnswered) {
      const command = { _tag: "Put", key: "probe", value: "alive" } as const
      const submitted = client.submit(command, { timeoutMs, unique: false })
      isAnswered = yield* client.inTime(timeoutMs, submitted, {
        onSuccess: () => true,
        onFailure: () => false
      })
    }
  })
  world.addProcess({ name, program: () => program })
  return () => isAnswered
}

/** What every node has come to, in words. */
export const stateOf = (world: World): ReadonlyArray<string> => {
  const { cluster } = world
  if (cluster === undefined) return []
  if (cluster.groups.length === 1) return stateOfGroup(cluster.names, cluster.oracle)
  return cluster.groups.flatMap(({ name, oracle }) =>
    stateOfGroup(cluster.names, oracle).map((text) => `${name}: ${text}`)
  )
}

const stateOfGroup = (names: ReadonlyArray<string>, oracle: Oracle): ReadonlyArray<string> => {
  const nodes = names.map((name) => {
    const of = oracle.running.get(name)
    if (of === undefined) return `${name} has no group up`
    const { parts } = of
    const leader = parts.leader()
    const ballot = "configuration" in leader ? ` of ballot ${leader.configuration.ballot}` : ""
    const { promised } = parts.acceptor()
    const { last } = parts.log
    const reached = `promised ${promised}, last ${last}, applied ${parts.replica.applied}`
    return `${name}: ${reached}, ${leader._tag}${ballot}`
  })
  const active = oracle.master?.active
  const acceptors = active?.acceptors.map(({ node }) => node).join() ?? "none"
  return [...nodes, `active ballot ${active?.ballot ?? 0} of ${acceptors}, chosen ${oracle.chosen.last}`]
}

/**
 * Whether each group was seen to converge since this was called, and one of them now: clients go on, and of
 * several busy groups one always has something on its way.
 */
const converging = (world: World): (() => boolean) => {
  const groups = world.cluster?.groups ?? []
  const converged = new Set<ClusterGroup>()
  return () => {
    const now = groups.filter((group) => group.hasConverged())
    for (const group of now) converged.add(group)
    return groups.length === 0 || (now.length > 0 && converged.size === groups.length)
  }
}

/**
 * Demands that a fresh client of each group is answered, that it has all its acceptors, and that every one of
 * them catches up.
 */
export const recover = (
  world: World,
  withinMs: number,
  areProbesAnswered: (() => boolean) | undefined
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const converge = converging(world)
    const lacks = (): ReadonlyArray<string> => {
      const missing: Array<string> = []
      if (areProbesAnswered?.() === false) missing.push("a new client got no answer")
      if (!converge()) missing.push("replicas have not all applied what is chosen")
      if (world.cluster?.isWhole() === false) missing.push("a group has too few acceptors")
      for (const { name, isDone } of world.workloads) {
        if (isDone?.() === false) missing.push(`the workload ${name} is not done`)
      }
      return missing
    }
    const recovered = yield* waitFor(() => lacks().length === 0, withinMs)
    if (!recovered) world.violated(new NoProgress(withinMs, lacks(), stateOf(world)))
  })

/** Waits for the clients to finish what they have begun. */
export const windUp = (world: World, withinMs: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const busy = () => world.clients.filter((client) => client.running).map((client) => client.name)
    if (yield* waitFor(() => busy().length === 0, withinMs)) return
    const lacks = [`${busy().join(", ")} wait for answers that do not come`]
    world.violated(new NoProgress(withinMs, lacks, stateOf(world)))
  })
