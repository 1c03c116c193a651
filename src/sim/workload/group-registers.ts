/** Clients of several groups at once: some groups are busy, and of others next to nothing is wanted. */
import { Effect } from "effect"
import type { CountedRandom } from "../kernel/random.ts"
import type { WorkloadMaker } from "./client.ts"
import { atRegisters } from "./registers.ts"
import { drawShape, type Shape } from "./shape.ts"

/** Calls of all clients of a busy group in a second. */
const busily = { min: 15, max: 60 }

/** Nobody hurries, and nothing is so large that the log of an idle group could not be copied. */
const idly = (random: CountedRandom): Shape => ({
  ...drawShape(random, [busily]),
  lanes: 1,
  paddingBytes: random.range(0, 200),
  thinkMs: random.range(2_000, 8_000),
  spurts: undefined,
  burst: 1
})

const busy = (random: CountedRandom): Shape => ({
  ...drawShape(random, [busily]),
  lanes: random.range(1, 2),
  paddingBytes: random.range(50, 1_500)
})

/**
 * Registers of all groups of the cluster, at least one of them idle and one busy. Each client is one of
 * several groups, or of all.
 */
export const groupRegisters: WorkloadMaker = (world) => {
  const { random } = world
  const names = random.shuffle(world.cluster?.groups.map(({ name }) => name) ?? [])
  const idleCount = random.range(1, Math.max(1, names.length - 1))
  const clientCount = random.range(2, 3)
  const parts = names.map((group, index) => {
    const shape = index < idleCount ? idly(random) : busy(random)
    const clients = Array.from({ length: clientCount }, (_, client) => client)
    return { group, shape, clients: new Set(random.shuffle(clients).slice(0, random.range(1, clientCount))) }
  })
  return {
    name: "group-registers",
    clientCount,
    run: (process, life) => {
      const number = Number(process.split("-").at(-1)) - 1
      const own = parts.filter(({ clients }) => clients.has(number))
      return Effect.forEach(
        own,
        ({ group, shape }) => atRegisters(world, shape, process, `${process}/${life}/${group}`, group),
        { concurrency: "unbounded", discard: true }
      )
    }
  }
}
