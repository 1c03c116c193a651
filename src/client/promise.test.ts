/** The first call of a connection, where the bus is away: it waits and fails as any later one does. */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { nodeConfig, runNode } from "../actors/node.ts"
import { kvMachine } from "../machines/kv.ts"
import { type MemoryExchange, makeMemoryExchange } from "../runtime/bus/memory.ts"
import { Bus, type BusShape, type BusStatus, BusUnavailable } from "../runtime/bus/port.ts"
import { MemoryDisk } from "../runtime/storage/memory.ts"
import { Aplomb, type Connection } from "./aplomb.ts"
import { connectionOf } from "./promise.ts"

const groups = [{ name: "main", machine: "kv", acceptors: ["n1"] }]
const settings = { cluster: "c", node: "n1", nodes: ["n1"], data: "d", groups }

let aplomb: Connection
let bus: { status: BusStatus }
let exchange: MemoryExchange
const scope = Effect.runSync(Scope.make())

/** A bus for which nobody can subscribe to anything while it is away. */
const comingAndGoing = (inner: BusShape): BusShape => ({
  ...inner,
  status: () => bus.status,
  subscribe: (subject, handlers) =>
    Effect.suspend(() =>
      bus.status === "Connected"
        ? inner.subscribe(subject, handlers)
        : Effect.fail(new BusUnavailable({ reason: `it is ${bus.status.toLowerCase()}` }))
    )
})

beforeAll(async () => {
  const begun = Effect.gen(function* () {
    const made = yield* makeMemoryExchange()
    const config = yield* nodeConfig(settings)
    yield* runNode({ config, machines: [kvMachine as never], pid: 1 }).pipe(
      Effect.provideService(Bus, yield* made.connect),
      Effect.provide(new MemoryDisk().layer())
    )
    return made
  })
  exchange = await Effect.runPromise(Scope.provide(begun, scope))
})

beforeEach(async () => {
  bus = { status: "Disconnected" }
  const own = Effect.runSync(Scope.fork(scope))
  const begun = Effect.gen(function* () {
    const inner = comingAndGoing(yield* exchange.connect)
    const shape = yield* Layer.build(Aplomb.layerOverBus("c").pipe(Layer.provide(Layer.succeed(Bus, inner))))
    return connectionOf(Context.get(shape, Aplomb), own)
  })
  aplomb = await Effect.runPromise(Scope.provide(begun, own))
})

afterEach(() => aplomb.close())
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const failureOf = (call: Promise<unknown>) => call.then(String, (error: unknown) => error)

describe("the first call of a connection", () => {
  it("waits until the bus is there, and is answered then", async () => {
    const put = aplomb.kv().put("a", "1")
    const got = aplomb.group(kvMachine).ask({ _tag: "Get", key: "a" })
    await Effect.runPromise(Effect.sleep(100))
    bus.status = "Connected"
    expect(await put).toHaveProperty("revision")
    expect(await got).toHaveProperty("entries")
  })

  it("rejects with Unavailable when its own time is over, and the next one finds the bus", async () => {
    const kv = aplomb.kv()
    const [put, listed] = [kv.put("a", "1", { timeoutMs: 100 }), kv.list("", { timeoutMs: 150 })]
    expect(await failureOf(put)).toMatchObject({
      _tag: "Unavailable",
      message: "nothing was done: the bus was away for all of the time; trying again is safe"
    })
    expect(await failureOf(listed[Symbol.asyncIterator]().next())).toHaveProperty("_tag", "Unavailable")
    bus.status = "Connected"
    expect(await kv.get("b")).toBeUndefined()
  })

  it("rejects with Unavailable at once where the connection is closed for good", async () => {
    bus.status = "Closed"
    expect(await failureOf(aplomb.kv().get("a"))).toMatchObject({
      _tag: "Unavailable",
      message: "nothing was done: the bus is unavailable: it is closed; trying again is safe"
    })
  })

  it("rejects with Rejected where its time is no number, also when the client is there", async () => {
    const kv = aplomb.kv()
    const group = aplomb.group(kvMachine)
    const wrong = () => {
      const options = { timeoutMs: Number.NaN }
      return [
        kv.put("a", "1", options),
        kv.list("", options)[Symbol.asyncIterator]().next(),
        kv.get("a", { ...options, consistency: "stale" }),
        group.submit({ _tag: "Put", key: "a", value: "1" }, options),
        group.ask({ _tag: "Get", key: "a" }, { timeoutMs: "5" as never })
      ]
    }
    const expected = { _tag: "Rejected", message: expect.stringContaining("the option timeoutMs is ") }
    for (const call of wrong()) expect(await failureOf(call)).toMatchObject(expected)
    bus.status = "Connected"
    await Promise.all([kv.put("a", "1"), group.ask({ _tag: "Get", key: "a" })])
    for (const call of wrong()) expect(await failureOf(call)).toMatchObject(expected)
  })

  it("rejects with Rejected where no group can have that name, also while the bus is away", async () => {
    for (const name of ["two words", "*", ">", "main.x", "é", ""]) {
      const message = expect.stringContaining(`${JSON.stringify(name)} is no name of a group: give 1 to 64`)
      for (const call of [
        aplomb.kv(name).put("a", "1"),
        aplomb.group(kvMachine, name).ask({ _tag: "Get", key: "a" })
      ])
        expect(await failureOf(call)).toMatchObject({ _tag: "Rejected", message })
    }
  })

  it("rejects with Rejected what can be no key, no value and no revision, and names it", async () => {
    bus.status = "Connected"
    const kv = aplomb.kv()
    const named: ReadonlyArray<readonly [Promise<unknown>, string]> = [
      [kv.put(5 as never, "v"), "the key is 5; give text"],
      [kv.put("k", undefined as never), "the value is undefined; give text or bytes (a Uint8Array)"],
      [kv.compareAndSet("k", null as never, "v"), "the revision is null; give the one that was read, or 0"],
      [kv.get("k", { consistency: null as never }), "the option consistency is null; give "]
    ]
    for (const [call, sentence] of named)
      expect(await failureOf(call)).toMatchObject({
        _tag: "Rejected",
        message: expect.stringContaining(sentence)
      })
  })
})
