/** Clients that are closed while their commands are in flight, and others that look what became of those. */
import { Effect, Exit, Fiber, Scope } from "effect"
import { kvMachine } from "../../../machines/kv.ts"
import { sometimes } from "../../assert.ts"
import { ledgerClient, type WorkloadMaker } from "../../workload/client.ts"
import type { Workload } from "../../workload/workload.ts"

const ended = sometimes("closed-clients: a client was closed with a command in flight")

const rounds = 30
const timeoutMs = 20_000

/** A client writes and is closed a moment later; another one reads after that. */
export const closedClients: WorkloadMaker = (world): Workload => {
  const { random, history } = world
  return {
    name: "closed-clients",
    clientCount: 2,
    run: Effect.fnUntraced(function* (name, life) {
      const reader = yield* ledgerClient(world, kvMachine)
      const key = `closed-${name}`
      const read = Effect.suspend(() => {
        const invocation = history.invoke(history.newProcess(), "get", key, null)
        return Effect.match(reader.ask({ _tag: "Get", key }, timeoutMs), {
          onSuccess: ({ answer, slot }) =>
            history.ok(invocation, (answer.entries[0]?.value as string | undefined) ?? null, slot),
          onFailure: (failure) => history.failed(invocation, failure.message)
        })
      })
      for (let round = 1; round <= rounds && world.mayOperate(name); round++) {
        const value = `${name}/${life}/${round}`
        const scope = yield* Scope.make()
        const writer = yield* Scope.provide(ledgerClient(world, kvMachine), scope)
        // From now on it has a session, and knows who leads.
        yield* Effect.ignore(writer.submit({ _tag: "Delete", key: "nothing" }, { timeoutMs, unique: false }))
        const invocation = history.invoke(history.newProcess(), "put", key, value)
        const writing = yield* Effect.forkScoped(
          Effect.match(writer.submit({ _tag: "Put", key, value }, { timeoutMs, unique: true }), {
            onSuccess: ({ slot }) => history.ok(invocation, value, slot),
            onFailure: (failure) => {
              ended.check(failure._tag === "Indeterminate")
              if (failure._tag === "Indeterminate") history.open(invocation, failure.message)
              else history.failed(invocation, failure.message)
            }
          })
        )
        yield* Effect.sleep(random.range(0, 3))
        yield* Scope.close(scope, Exit.void)
        yield* Fiber.join(writing)
        yield* read
        yield* Effect.sleep(random.range(1, 40))
      }
    })
  }
}
