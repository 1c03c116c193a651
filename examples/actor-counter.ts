/**
 * A counter as an actor: used in its own process, and from another one over the bus.
 * Run it: `tsx examples/actor-counter.ts`
 */
import { fileURLToPath } from "node:url"
import * as Actor from "aplomb/actor"
import { Console, Effect, Schema } from "effect"

class TooMuch extends Schema.TaggedError<TooMuch>()("TooMuch", { limit: Schema.Int }) {}

/** What a counter can be told and asked. Both sides share this. */
const Counter = Actor.protocol("Counter", {
  Add: { payload: { amount: Schema.Int }, reply: Schema.Int, error: TooMuch },
  Reset: {},
  Read: { reply: Schema.Int }
})
const address = { system: "example", name: "counter" }

/** The process that owns the counter. */
const owner = Effect.gen(function* () {
  const counter = yield* Actor.spawn(Counter, {
    name: "counter",
    mailbox: { capacity: 1000 },
    supervision: Actor.restart({ restartsMax: 3, windowMs: 10_000 }),
    state: () => ({ total: 0 }),
    handlers: {
      Add: ({ amount }, { state }) =>
        Effect.gen(function* () {
          if (state.total + amount > 100) return yield* new TooMuch({ limit: 100 })
          state.total += amount
          return state.total
        }),
      Reset: (_, { state }) => {
        state.total = 0
      },
      Read: (_, { state }) => state.total
    }
  })
  yield* Actor.expose(counter, address)
  return counter
})

/** Works with a counter here or elsewhere: the reference is of one type. */
const use = (where: string, counter: Actor.ActorRef<typeof Counter.definitions>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    yield* counter.tell("Reset")
    lines.push(`${where}: ${yield* counter.ask("Add", { amount: 40 })}`)
    lines.push(`${where}: ${yield* counter.ask("Add", { amount: 2 }, { timeoutMs: 500 })}`)
    const refusal = yield* counter
      .ask("Add", { amount: 1000 })
      .pipe(Effect.catchTag("TooMuch", ({ limit }) => Effect.succeed(`no more than ${limit}`)))
    lines.push(`${where}: ${refusal}`)
    return lines
  })

/** Two processes in one, joined by a bus in memory; with NATS only the bus differs. */
export const program = Effect.gen(function* () {
  const exchange = yield* Actor.makeMemoryExchange()
  const local = yield* owner.pipe(Effect.provideService(Actor.Bus, yield* exchange.connect))
  const remote = yield* Actor.remote(Counter, address).pipe(
    Effect.provideService(Actor.Bus, yield* exchange.connect)
  )
  const lines = [...(yield* use("here", local)), ...(yield* use("over the bus", remote))]
  const stranger = yield* Actor.remote(Counter, { system: "example", name: "nobody" }).pipe(
    Effect.provideService(Actor.Bus, yield* exchange.connect)
  )
  const failure = yield* Effect.flip(stranger.ask("Read"))
  return [...lines, failure.message]
}).pipe(Effect.scoped)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await Effect.runPromise(Effect.flatMap(program, (lines) => Console.log(lines.join("\n"))))
}
