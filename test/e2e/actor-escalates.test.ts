/** An actor that crashes for good, and whom nobody watches, takes its process with it. */
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { ownedProcess } from "../support/processes.ts"

const program = fileURLToPath(new URL("../support/escalates.ts", import.meta.url))

const run = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const owned = yield* ownedProcess({ command: process.execPath, args: [program, ...args] })
    return { ...(yield* owned.ended), log: owned.log() }
  })

it.live("ends its process by an uncaught exception that says which actor, why and where", () =>
  Effect.gen(function* () {
    const { code, log } = yield* run()
    assert.strictEqual(code, 1, log)
    assert.match(log, /ActorEscalated: the actor victim crashed for good.*TypeError: out of cheese/s)
    assert.include(log, "escalates.ts")
  })
)

it.live("does not where somebody watches", () =>
  Effect.gen(function* () {
    const { code, log } = yield* run("watched")
    assert.strictEqual(code, 0, log)
    assert.include(log, "it ended: Escalated")
  })
)
