/** What is kept of a run that fails, and what is said where it cannot be kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import { simulate } from "../../sim/simulation.ts"
import { keepRun } from "./artefacts.ts"

const falling = simulate("door").setup((world) => void world.violated(new Error("it fell")))

const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), "aplomb-artefacts-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

describe("a run that fails", () => {
  it.effect("is kept in a directory of its own, with the command that runs it again", () =>
    Effect.gen(function* () {
      const parent = join(temporaryDirectory(), "of", "today")
      const place = yield* keepRun(parent, falling, "7")
      assert.strictEqual(place, join(parent, "door-7"))
      const names = ["failure.json", "history.jsonl", "picture.html", "trace.jsonl"]
      assert.deepStrictEqual(readdirSync(place).sort(), names)
      const failure = JSON.parse(readFileSync(join(place, "failure.json"), "utf8"))
      assert.strictEqual(failure.replay, "aplomb sim replay door --seed 7")
      assert.include(failure.failure.message, "it fell")
    })
  )

  it.effect("is refused by a sentence where its directory cannot be made", () =>
    Effect.gen(function* () {
      const file = join(temporaryDirectory(), "file")
      writeFileSync(file, "")
      for (const parent of [file, join(file, "below")]) {
        const { message, exitCode } = yield* Effect.flip(keepRun(parent, falling, "7"))
        assert.strictEqual(exitCode, 2)
        assert.isTrue(message.startsWith(`${parent} cannot be written: `), message)
      }
    })
  )
})
