/**
 * Recovery: when the faults have stopped the system must make progress by itself, within a bound of virtual
 * time.
 */
import { Effect } from "effect"
import { kvMachine } from "../../machines/kv.ts"
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

/**
 * A new client, to be added when no fault strikes any more: it writes once, and waits as long as the recovery
 * may take. A leader that proposes one command at a time, far from its acceptors and with others that ask and
 * ask, takes six seconds for each: a client that gave up sooner would only stand in the line again.
 */
export const addProbe = (world: World, recoverMs: number): (() => boolean) => {
  const timeoutMs = Math.max(patienceMs, recoverMs)
  let isAnswered = false
  const program = Effect.gen(function* () {
    const client = yield* ledgerClient(world, kvMachine)
    while (!isAnswered) {
      const command = { _tag: "Put", key: "probe", value: "alive" } as const
      isAnswered = yield* client
        .submit(command, { timeoutMs, unique: false })
        .pipe(Effect.match({ onSuccess: () => true, onFailure: () => false }))
    }
  })
  world.addProcess({ name: "probe", program: () => program })
  return () => isAnswered
}

/** What every node has come to, in words. */
export const stateOf = (world: World): ReadonlyArray<string> => {
  const { cluster } = world
  if (cluster === undefined) return []
  const { oracle } = cluster
  const nodes = cluster.names.map((name) => {
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
 * Demands that a fresh client is answered, that the group has all its acceptors, and that every one of them
 * catches up.
 */
export const recover = (
  world: World,
  withinMs: number,
  isProbeAnswered: (() => boolean) | undefined
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const lacks = (): ReadonlyArray<string> => {
      const missing: Array<string> = []
      if (isProbeAnswered?.() === false) missing.push("a new client got no answer")
      if (world.cluster?.hasConverged() === false)
        missing.push("replicas have not all applied what is chosen")
      if (world.cluster?.isWhole() === false) missing.push("the group has too few acceptors")
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
