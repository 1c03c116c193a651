/**
 * What callers are told whose group cannot be, is nowhere, replicates another machine, or is behind a closed
 * bus.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { nodeConfig, runNode } from "../actors/node.ts"
import { kvMachine } from "../machines/kv.ts"
import { defineMachine } from "../protocol/learner/machine.ts"
import { type MemoryExchange, makeMemoryExchange } from "../runtime/bus/memory.ts"
import { Bus } from "../runtime/bus/port.ts"
import { MemoryDisk } from "../runtime/storage/memory.ts"
import { Aplomb } from "./aplomb.ts"

const tally = defineMachine({
  name: "tally",
  state: Schema.Int,
  command: Schema.Struct({ add: Schema.Int }),
  reply: Schema.Int,
  question: Schema.Null,
  answer: Schema.Int,
  initial: () => 0,
  apply: (total, { add }) => [total + add, total + add],
  ask: (total) => total
})

const groups = [
  { name: "main", machine: "kv", acceptors: ["n1"] },
  { name: "queue", machine: "tally", acceptors: ["n1"] }
]

/** A node that holds two groups. */
const node = Effect.fnUntraced(function* (exchange: MemoryExchange) {
  const segmentBytes = 1024 * 1024
  const config = yield* nodeConfig({
    cluster: "c",
    node: "n1",
    nodes: ["n1"],
    data: "d",
    groups,
    segmentBytes
  })
  yield* runNode({ config, machines: [kvMachine as never, tally as never], pid: 1 }).pipe(
    Effect.provideService(Bus, yield* exchange.connect),
    Effect.provide(new MemoryDisk().layer())
  )
})

/** A connection over the bus of `exchange`. */
const connected = Effect.fnUntraced(function* (exchange: MemoryExchange) {
  const own = yield* Scope.fork(yield* Effect.scope)
  const over = Layer.effect(Bus, exchange.connect)
  const built = Layer.buildWithScope(Aplomb.layerOverBus("c").pipe(Layer.provide(over)), own)
  const aplomb = Context.get(yield* built, Aplomb)
  return { aplomb, own }
})

type Call = Effect.Effect<unknown, Error>

/** Runs it while time passes; how long it took, in milliseconds. */
const passing = Effect.fnUntraced(function* <A, E, R>(call: Effect.Effect<A, E, R>) {
  const running = yield* Effect.forkChild(call)
  let tookMs = 0
  for (; running.pollUnsafe() === undefined; tookMs += 10) yield* TestClock.adjust(10)
  return { exit: running.pollUnsafe()!, tookMs }
})

/** The sentence with which it failed, and how long that took. */
const failing = Effect.fnUntraced(function* (call: Call) {
  const { exit, tookMs } = yield* passing(Effect.flip(call))
  if (Exit.isFailure(exit)) return yield* Effect.die("it did not fail")
  return { failure: exit.value, message: exit.value.message, tookMs }
})

const noName = (name: unknown) =>
  `${JSON.stringify(name)} is no name of a group: give 1 to 64 letters, digits, dashes or underscores`

describe("a name that no group can have", () => {
  it.effect("is refused at once, by the group and by operators", () =>
    Effect.gen(function* () {
      const { aplomb } = yield* connected(yield* makeMemoryExchange())
      for (const name of ["*", ">", "main.x", "é", "", "two words", null]) {
        const group = name as string
        const kv = yield* Effect.flip(aplomb.kv(group))
        const other = yield* Effect.flip(aplomb.group(tally, group))
        for (const failure of [kv, other])
          assert.deepInclude(failure, { _tag: "Rejected", reason: noName(name) })
        const refused = yield* Effect.flip(aplomb.operators.transfer(group, "n1"))
        assert.deepInclude(refused, { _tag: "OperationRefused", reason: noName(name) })
      }
      for (const call of [
        aplomb.operators.transfer("main", "*"),
        aplomb.operators.drain("a.b")
      ] as ReadonlyArray<Call>)
        assert.include((yield* Effect.flip(call)).message, "is no name of a node: give 1 to 64")
    })
  )
})

describe("a group that no node holds", () => {
  it.effect("is waited for, and its absence is said in the end, with the groups that there are", () =>
    Effect.gen(function* () {
      const exchange = yield* makeMemoryExchange()
      yield* passing(node(exchange))
      const { aplomb } = yield* connected(exchange)
      const kv = yield* aplomb.kv("nope")
      const reason = 'no node that answered holds the group "nope"; they hold main, queue'
      const calls: ReadonlyArray<Call> = [
        kv.put("k", "v"),
        kv.get("k"),
        kv.get("k", { consistency: "stale" })
      ]
      for (const call of calls) {
        const { failure, tookMs } = yield* failing(call)
        assert.propertyVal(failure, "_tag", "Unavailable")
        assert.include(failure.message, reason)
        assert.isAtLeast(tookMs, 30_000)
      }
      const transfer = yield* failing(aplomb.operators.transfer("nope", "n1"))
      assert.strictEqual(
        transfer.message,
        `group nope: not done in time (${reason}); nothing was begun, ask again`
      )
    })
  )

  it.effect("is no matter where nobody answers: that is said instead", () =>
    Effect.gen(function* () {
      const { aplomb } = yield* connected(yield* makeMemoryExchange())
      const kv = yield* aplomb.kv()
      const calls: ReadonlyArray<Call> = [kv.put("k", "v"), kv.get("k", { consistency: "stale" })]
      for (const call of calls)
        assert.include((yield* failing(call)).message, "in time: no node of the cluster answered")
    })
  )
})

describe("a command or a question for another machine", () => {
  it.effect("is told which one the group has", () =>
    Effect.gen(function* () {
      const exchange = yield* makeMemoryExchange()
      yield* passing(node(exchange))
      const { aplomb } = yield* connected(exchange)
      const kv = yield* aplomb.kv("queue")
      const reason = ': the group replicates the machine "tally"'
      for (const [call, what] of [
        [kv.put("k", "v"), "command"],
        [kv.get("k"), "question"],
        [kv.get("k", { consistency: "stale" }), "question"]
      ] as const) {
        const { failure } = yield* failing(call)
        assert.propertyVal(failure, "_tag", "Rejected")
        assert.include(failure.message, `the state machine cannot read the ${what}${reason}`)
      }
    })
  )
})

describe("operators of a connection that was closed", () => {
  it.effect("say so at once, and that nothing was changed", () =>
    Effect.gen(function* () {
      const exchange = yield* makeMemoryExchange()
      const { aplomb, own } = yield* connected(exchange)
      yield* Scope.close(own, Exit.void)
      const { transfer, drain, undrain, replace } = aplomb.operators
      const calls: ReadonlyArray<Call> = [
        transfer("main", "n1"),
        drain("n1"),
        undrain("n1"),
        replace("main", "n1", "n2")
      ]
      for (const call of calls) {
        const failure: unknown = yield* Effect.flip(call)
        assert.deepInclude(failure, { _tag: "OperationRefused", reason: "the connection is closed" })
      }
    })
  )
})

describe("a raw call", () => {
  it.effect("is refused where its time is no number, and would never be over", () =>
    Effect.gen(function* () {
      const { aplomb } = yield* connected(yield* makeMemoryExchange())
      const { client } = yield* aplomb.group(tally, "queue")
      for (const timeoutMs of [Number.NaN, "5", undefined]) {
        const both = [client.submitUnsafe, client.askUnsafe].map((call) =>
          Effect.callback<never, Error>((resume) => {
            assert.isTrue(
              call(Uint8Array.of(1), timeoutMs as never, (_plain, _slot, failure) =>
                resume(Effect.fail(failure!))
              )
            )
          })
        )
        for (const call of both) {
          const { failure } = yield* failing(call)
          assert.propertyVal(failure, "_tag", "Rejected")
          assert.include(failure.message, "the option timeoutMs is no number")
        }
      }
    })
  )
})
