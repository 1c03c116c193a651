/** Looks on, and says which turns of a group's life a run has come by: takeovers, catching up, work. */
import { Effect } from "effect"
import { sometimes, sometimesEach } from "../assert.ts"
import type { Cluster } from "../cluster.ts"
import type { WorkloadMaker } from "./client.ts"

const reached = sometimes("milestones: consensus was reached")
const reconfigured = sometimes("milestones: another configuration serves after the leader failed")
const tookOver = sometimes(
  "milestones: a leader serves although the one before it had a lease and gave none back"
)
const caughtUp = sometimes("milestones: a replica that lagged has caught up")
const failovers = sometimesEach("milestones: takeovers in a row, and slots chosen")
const allCaughtUp = sometimes("milestones: all backups had caught up at once")
const busy = sometimes("milestones: every acceptor was up while slots were on their way")

/** Slots by which a replica must be behind before it counts as lagging. */
const lagSlots = 5

const lookEveryMs = 10

/** What was last seen of a cluster. */
class Watch {
  readonly #cluster: Cluster
  readonly #lagging = new Set<string>()
  #leader: string | undefined
  #ballot = 0
  #takeovers = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  look(): void {
    const { oracle, processes, options } = this.#cluster
    const active = oracle.master?.active
    if (active === undefined) return
    const chosen = oracle.chosen.last
    reached.check(chosen > 0)
    const leader = oracle.running.get(active.leader.node)?.parts.leader()
    if (leader?._tag === "Serving" && leader.configuration.ballot === active.ballot) {
      if (this.#ballot !== active.ballot) this.#serves(active.leader.node, chosen)
      this.#ballot = active.ballot
      this.#leader = active.leader.node
      const up = active.acceptors.filter(({ node }) => processes.get(node)?.running === true)
      busy.check(up.length === active.acceptors.length && up.length > 1 && leader.last > leader.chosen)
    }
    this.#backups(chosen, options.acceptors.length)
  }

  #serves(node: string, chosen: number): void {
    const { processes, options } = this.#cluster
    const before = this.#leader
    if (before === undefined || before === node) return
    const isGone = processes.get(before)?.running !== true
    this.#takeovers++
    reconfigured.check(isGone)
    tookOver.check(isGone && options.leaseDurationMs > 0)
    failovers.note(`${Math.min(this.#takeovers, 9)} takeovers, 2^${Math.floor(Math.log2(chosen + 1))} slots`)
  }

  #backups(chosen: number, size: number): void {
    let current = 0
    for (const of of this.#cluster.oracle.activeAcceptors()) {
      const { applied } = of.parts.replica
      if (applied < chosen - lagSlots) this.#lagging.add(of.replica)
      else if (applied === chosen && this.#lagging.delete(of.replica)) caughtUp.check(true)
      if (applied === chosen) current++
    }
    allCaughtUp.check(chosen > 0 && current >= size)
  }
}

/** Asks nothing of anybody: it only looks, a hundred times in a virtual second of a world with a cluster. */
export const milestones: WorkloadMaker = (world) => ({
  name: "milestones",
  clientCount: 1,
  run: () =>
    Effect.gen(function* () {
      const { cluster } = world
      if (cluster === undefined) return
      const watch = new Watch(cluster)
      while (world.phase !== "over") {
        watch.look()
        yield* Effect.sleep(lookEveryMs)
      }
    })
})
