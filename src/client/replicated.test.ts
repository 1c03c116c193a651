/** A group whose client was closed says so, and not that too much waits. */
import { Effect, Exit, Scope } from "effect"
import { expect, it } from "vitest"
import { kvMachine } from "../machines/kv.ts"
import { Bus } from "../runtime/bus/port.ts"
import { onBus } from "../sim/bus/bus.test-support.ts"
import { kvOf } from "./kv.ts"
import { replicated } from "./replicated.ts"

it("a call to a client that was closed fails at once, and says that it was closed", () => {
  const failures = onBus({}, (world) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const bus = yield* world.join("client")
      const group = yield* replicated({ cluster: "dev", group: "main", machine: kvMachine }).pipe(
        Effect.provideService(Bus, bus),
        Scope.provide(scope)
      )
      yield* Scope.close(scope, Exit.void)
      const kv = kvOf(group)
      return [yield* Effect.flip(kv.put("a", "1")), yield* Effect.flip(kv.get("a"))]
    })
  ).value
  for (const failure of failures) {
    expect(failure._tag).toBe("Unavailable")
    expect(failure.message).toBe("nothing was done: the client was closed; trying again is safe")
  }
})
