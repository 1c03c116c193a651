/** The example of the counter does what it shows. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "./actor-counter.ts"

it.effect("the counter counts here and over the bus, and nobody is told apart from somebody", () =>
  Effect.map(program, (lines) => {
    assert.deepStrictEqual(lines, [
      "here: 40",
      "here: 42",
      "here: no more than 100",
      "over the bus: 40",
      "over the bus: 42",
      "over the bus: no more than 100",
      "example/nobody cannot be reached: nobody listens under its address; check that it is exposed"
    ])
  })
)
