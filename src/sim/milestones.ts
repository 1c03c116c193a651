/**
 * What a group is to come through once in a campaign: consensus, a primary that fails, a lease that runs out,
 * a backup that was far behind.
 */
import { Effect } from "effect"
import { sometimes } from "./assert.ts"
import type { Cluster } from "./cluster.ts"
import type { FaultFamily } from "./swarm.ts"

const consensus = sometimes("milestones: consensus was reached")
const reconfigured = sometimes("milestones: a reconfiguration was completed after the primary failed")
const successor = sometimes("milestones: a new primary served once the lease of the failed one had run out")
const caughtUp = sometimes("milestones: a lagging backup caught up")

const lookEveryMs = 10
/** A backup that lacks so many slots lags. */
const lagSlots = 10

/** Backups of the active configuration that lag now. */
const laggards = (cluster: Cluster): ReadonlySet<string> => {
  const { oracle } = cluster
  const active = oracle.master?.active
  const lagging = (active?.acceptors ?? []).filter(({ node }) => {
    const of = oracle.running.get(node)
    return of !== undefined && of.parts.replica.applied + lagSlots <= oracle.chosen.last
  })
  return new Set(lagging.map(({ node }) => node))
}

/** Breaks nothing: looks, while other faults strike, whether these things have happened. */
export const milestones: FaultFamily = {
  name: "milestones",
  share: 1,
  begin: (world) =>
    Effect.gen(function* () {
      let primary: {
        readonly ballot: number
        readonly node: string
        readonly failedAtMicros: number | undefined
      }
      primary = { ballot: 0, node: "", failedAtMicros: undefined }
      let lagged: ReadonlySet<string> = new Set()
      const { time } = world.kernel
      for (;;) {
        yield* Effect.sleep(lookEveryMs)
        const { cluster } = world
        const active = cluster?.oracle.master?.active
        if (cluster === undefined || active === undefined) continue
        const { oracle, options } = cluster
        consensus.check(oracle.chosen.last > 0)
        const now = laggards(cluster)
        const isThere = (node: string) => {
          const of = oracle.running.get(node)
          return of !== undefined && of.parts.replica.applied === oracle.chosen.last
        }
        lagged = new Set(
          [...lagged]
            .filter((node) => {
              caughtUp.check(isThere(node))
              return !isThere(node)
            })
            .concat([...now])
        )
        const { node } = active.leader
        if (active.ballot === primary.ballot) {
          if (!oracle.running.has(node))
            primary = { ...primary, failedAtMicros: primary.failedAtMicros ?? time.nowMicros }
          continue
        }
        const { failedAtMicros } = primary
        if (failedAtMicros !== undefined && node !== primary.node) {
          reconfigured.check(true)
          const isServing = oracle.running.get(node)?.parts.leader()._tag === "Serving"
          const leaseMicros = options.leaseDurationMs * 1000
          successor.check(isServing && time.nowMicros >= failedAtMicros + leaseMicros)
          // Its ballot is active; it serves as soon as it has heard so.
          if (!isServing) continue
        }
        primary = { ballot: active.ballot, node, failedAtMicros: undefined }
      }
    })
}
