/**
 * A state machine of your own, replicated: a counter that three nodes keep, here in one process.
 * Run it: `tsx examples/machine-counter.ts`
 */
import { fileURLToPath } from "node:url"
import { Aplomb, defineMachine } from "aplomb"
import { Bus, makeMemoryExchange } from "aplomb/actor"
import { MemoryDisk, nodeConfig, runNode } from "aplomb/node"
import { Console, Effect, Schema } from "effect"

/** Runs on every replica in the order of the log: the same commands give the same totals everywhere. */
const counter = defineMachine({
  name: "counter",
  state: Schema.Int,
  command: Schema.Struct({ add: Schema.Int }),
  reply: Schema.Int,
  question: Schema.Null,
  answer: Schema.Int,
  initial: () => 0,
  apply: (total, { add }) => [total + add, total + add],
  ask: (total) => total
})

const nodes = ["n1", "n2", "n3"]
const groups = [{ name: "hits", machine: "counter", acceptors: nodes }]
const segmentBytes = 1024 * 1024

/** Runs all nodes in the scope. In processes of their own, only the bus and the disks would differ. */
const runNodes = Effect.fnUntraced(function* (disks: ReadonlyMap<string, MemoryDisk>) {
  const exchange = yield* makeMemoryExchange()
  const start = Effect.fnUntraced(function* (node: string) {
    const config = yield* nodeConfig({ cluster: "example", node, nodes, data: "/data", groups, segmentBytes })
    yield* runNode({ config, machines: [counter], pid: process.pid }).pipe(
      Effect.provideService(Bus, yield* exchange.connect),
      Effect.provide(disks.get(node)!.layer())
    )
  })
  yield* Effect.forEach(nodes, start, { concurrency: "unbounded" })
  return exchange
})

/** What an application does: it connects, and lets the cluster find its leader. */
const use = Effect.gen(function* () {
  const hits = yield* (yield* Aplomb).group(counter, "hits")
  const { reply, slot } = yield* hits.submit({ add: 1 })
  const many = yield* Effect.forEach([2, 3, 4], (add) => hits.submit({ add }), { concurrency: "unbounded" })
  const total = yield* hits.ask(null)
  return [
    `${reply} after the first`,
    `its slot comes before all others: ${many.every((each) => each.slot > slot)}`,
    `${total} in all`
  ]
})

/** One life of the cluster: from starting its nodes to stopping them. */
const live = (disks: ReadonlyMap<string, MemoryDisk>) =>
  Effect.gen(function* () {
    const exchange = yield* runNodes(disks)
    const bus = yield* exchange.connect
    return yield* use.pipe(Effect.provide(Aplomb.layerOverBus("example")), Effect.provideService(Bus, bus))
  }).pipe(Effect.scoped)

/** Two lives over the same disks: what was counted in the first is still there in the second. */
export const program = Effect.gen(function* () {
  const disks = new Map(nodes.map((node) => [node, new MemoryDisk()]))
  return [...(yield* live(disks)), "everything stops and starts again", ...(yield* live(disks))]
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await Effect.runPromise(Effect.flatMap(program, (lines) => Console.log(lines.join("\n"))))
}
