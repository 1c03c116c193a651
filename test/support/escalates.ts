/** A program whose only actor crashes for good while the program waits: a child process of a test. */
import { Effect } from "effect"
import * as Actor from "../../src/runtime/actor.ts"

/** With the argument `watched` somebody hears of the end. */
const isWatched = process.argv.includes("watched")

const program = Effect.scoped(
  Effect.gen(function* () {
    const actor = yield* Actor.spawnEach<string>({
      name: "victim",
      supervision: Actor.crash,
      receive: () => {
        throw new TypeError("out of cheese")
      }
    })
    if (isWatched) actor.onTerminated(({ _tag }) => console.log(`it ended: ${_tag}`))
    actor.offerUnsafe("a")
    yield* Effect.sleep(isWatched ? 300 : 60_000)
  })
)

await Effect.runPromise(program)
