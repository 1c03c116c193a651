/**
 * An operator: hands groups over, drains nodes and takes that back, replaces nodes, while faults strike; and
 * drains whoever leads when they are over, which must come about.
 */
import { Effect } from "effect"
import { operatorsOf } from "../../client/operators.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { always, sometimes } from "../assert.ts"
import { clusterName, groupName } from "../cluster.ts"
import type { World } from "../world.ts"
import type { WorkloadMaker } from "./client.ts"
import type { Workload } from "./workload.ts"

const staysOut = always("operations: a drained node is not made an acceptor")
const transferred = sometimes("operations: an acceptor was made the leader")
const drained = sometimes("operations: a node was drained")
const undrained = sometimes("operations: a drained node was taken back")
const replaced = sometimes("operations: a node was replaced")
const refused = sometimes("operations: an operation was refused")

/** Nodes that were drained for certain, and that nobody has begun to take back. */
const watched = (world: World): Set<string> => {
  const out = new Set<string>()
  let known: ReadonlySet<string> = new Set()
  world.afterEach(() => {
    const active = world.cluster?.oracle.master?.active
    if (active === undefined) return
    const acceptors = new Set(active.acceptors.map(({ node }) => node as string))
    if (acceptors.size === known.size && [...acceptors].every((node) => known.has(node))) return
    for (const node of acceptors) staysOut.check(known.has(node) || !out.has(node), () => node)
    known = acceptors
  })
  return out
}

const operationTimeoutMs = 5_000

/** Who leads, if the group can do without it. */
const dispensableLeader = (world: World): string | undefined => {
  const { oracle, options } = world.cluster!
  const active = oracle.master?.active
  const isOneTooMany = active !== undefined && active.acceptors.length > options.minAcceptors
  return isOneTooMany ? active.leader.node : undefined
}

/** One operator. At the end every node is taken back, so that the group can be whole. */
export const operations: WorkloadMaker = (world): Workload => {
  const { random } = world
  const out = watched(world)
  const everyMs = random.range(200, 3_000)
  const names = () => [...world.cluster!.options.acceptors, ...world.cluster!.options.spares]
  const mayBeOut = new Set<string>()
  let isDone = false
  return {
    name: "operations",
    clientCount: 1,
    isDone: () => isDone,
    run: Effect.fnUntraced(function* (name) {
      const operators = operatorsOf(yield* Bus, clusterName)
      const options = { timeoutMs: operationTimeoutMs }
      const drain = (node: string) => {
        mayBeOut.add(node)
        return Effect.tap(operators.drain(node, options), () => {
          drained.check(true)
          return Effect.sync(() => out.add(node))
        })
      }
      const undrain = (node: string) =>
        Effect.suspend(() => {
          out.delete(node)
          return Effect.tap(operators.undrain(node, options), () => {
            undrained.check(true)
            return Effect.sync(() => mayBeOut.delete(node))
          })
        })
      const operate = Effect.suspend(() => {
        const [one, other] = random.shuffle(names())
        switch (random.below(4)) {
          case 0:
            return Effect.tap(operators.transfer(groupName, one!, options), () => {
              transferred.check(true)
              return Effect.void
            })
          case 1:
            return mayBeOut.size > 0 ? undrain(random.pick([...mayBeOut])) : drain(one!)
          case 2:
            return mayBeOut.size > 0 ? undrain(random.pick([...mayBeOut])) : Effect.void
          default:
            return Effect.tap(operators.replace(groupName, one!, other ?? one!, options), () => {
              replaced.check(true)
              return Effect.void
            })
        }
      })
      const tolerated = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.catch(effect, (failure) => Effect.sync(() => refused.check(isRefusal(failure))))
      while (world.phase === "chaos") {
        yield* Effect.sleep(random.range(everyMs / 2, everyMs * 2))
        if (world.phase === "chaos" && world.mayOperate(name)) yield* tolerated(operate)
      }
      const takeAllBack = Effect.gen(function* () {
        while (mayBeOut.size > 0) {
          for (const node of [...mayBeOut]) yield* tolerated(undrain(node))
          yield* Effect.sleep(100)
        }
      })
      yield* takeAllBack
      const leader = dispensableLeader(world)
      while (leader !== undefined && !out.has(leader)) yield* tolerated(drain(leader))
      yield* takeAllBack
      isDone = true
    })
  }
}

const isRefusal = (failure: unknown): boolean =>
  typeof failure === "object" && failure !== null && "_tag" in failure && failure._tag === "OperationRefused"
