/** An operator asks to replace acceptors by nodes that vote already, while nothing fails. */
import { Effect } from "effect"
import { operatorsOf } from "../../../client/operators.ts"
import { Bus } from "../../../runtime/bus/port.ts"
import { always } from "../../assert.ts"
import { clusterName, groupName } from "../../cluster.ts"
import type { WorkloadMaker } from "../../workload/client.ts"
import type { Workload } from "../../workload/workload.ts"

const keepsVotes = always("replacements: nobody loses its vote for one who votes already")

/** Every acceptor by every other one. */
export const replacements: WorkloadMaker = (world): Workload => {
  const { random } = world
  let isWhole = false
  let isDone = false
  world.afterEach(() => {
    const { cluster } = world
    if (cluster?.isWhole() === false && isWhole)
      keepsVotes.check(false, () => `only ${cluster.oracle.master?.active?.acceptors.length} acceptors vote`)
    isWhole ||= cluster?.isWhole() === true
  })
  return {
    name: "replacements",
    clientCount: 1,
    isDone: () => isDone,
    run: Effect.fnUntraced(function* () {
      const operators = operatorsOf(yield* Bus, clusterName)
      const { acceptors } = world.cluster!.options
      while (!isWhole) yield* Effect.sleep(10)
      for (const node of random.shuffle(acceptors))
        for (const by of random.shuffle(acceptors))
          yield* Effect.ignore(operators.replace(groupName, node, by, { timeoutMs: 2_000 }))
      keepsVotes.check(true)
      isDone = true
    })
  }
}
