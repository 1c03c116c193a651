/** An operator swaps two nodes again and again, and drains one of them: the other is to take its place. */
import { Effect } from "effect"
import { operatorsOf } from "../../../client/operators.ts"
import { kvMachine } from "../../../machines/kv.ts"
import { Bus } from "../../../runtime/bus/port.ts"
import { clusterName, groupName } from "../../cluster.ts"
import { ledgerClient, type WorkloadMaker } from "../../workload/client.ts"
import type { Workload } from "../../workload/workload.ts"

/** So often that whoever left has to keep up for the longest time there is. */
const swaps = 12
const options = { timeoutMs: 5_000 }

/**
 * Meanwhile a command comes now and then, so that something is chosen between two questions of whoever is
 * outside. Done when the group is whole without the drained node.
 */
export const swapped: WorkloadMaker = (world): Workload => {
  const { random } = world
  const everyMs = random.range(100, 500)
  let isDrained = false
  const isDone = (): boolean => isDrained && world.cluster!.isWhole()
  const commands = Effect.gen(function* () {
    const client = yield* ledgerClient(world, kvMachine)
    for (let count = 1; !isDone(); count++) {
      const command = { _tag: "Put", key: "swapped", value: String(count) } as const
      yield* Effect.ignore(client.submit(command, { timeoutMs: 5_000, unique: true }))
      yield* Effect.sleep(random.range(everyMs / 2, everyMs * 2))
    }
  })
  const operations = Effect.gen(function* () {
    const operators = operatorsOf(yield* Bus, clusterName)
    const { acceptors, spares } = world.cluster!.options
    let [inside, outside] = [acceptors.at(-1)!, spares[0]!]
    for (let count = 0; count < swaps; count++) {
      yield* operators.replace(groupName, inside, outside, options)
      ;[inside, outside] = [outside, inside]
    }
    while (world.phase === "chaos") yield* Effect.sleep(10)
    yield* operators.drain(inside, options)
    isDrained = true
  })
  return {
    name: "swapped",
    clientCount: 1,
    isDone,
    run: () => Effect.all([operations, commands], { concurrency: "unbounded", discard: true })
  }
}
