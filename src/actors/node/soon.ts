/** An actor that does what it is given when all that are ready now have had their turn. */
import { Effect } from "effect"
import { spawnBatch } from "../../runtime/actor-spawn.ts"
import { crash } from "../../runtime/supervisor.ts"

/** Spawns it in the scope; `soon` gives it something to do. */
export const spawnSoon = Effect.fnUntraced(function* (name: string) {
  const actor = yield* spawnBatch<() => void>({
    name,
    supervision: crash,
    receive: (batch) => {
      for (const run of batch) run()
    }
  })
  return { actor, soon: (run: () => void): void => void actor.offerControlUnsafe(run) }
})
