/** What is kept of a run that fails, and what is said where it cannot be kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import { simulate } from "../../sim/simulation.ts"
import { keepFinding } from "./artefacts.ts"

const falling = simulate("door").setup((world) => void world.violated(new Error("it fell")))
const { failure } = falling.run({ seed: 7 })
const finding = { simulation: "door", recipe: "7", failure: failure! }

const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), "aplomb-artefacts-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

describe("a run that fails", () => {
  it.effect("is kept in a directory of its own, with the command that runs it again", () =>
    Effect.gen(function* () {
      const parent = join(temporaryDirectory(), "of", "today")
      const place = yield* keepFinding(parent, falling, finding)
      assert.strictEqual(place, join(parent, "door-7"))
      const names = ["failure.json", "history.jsonl", "picture.html", "trace.jsonl"]
      assert.deepStrictEqual(readdirSync(place).sort(), names)
      const kept = JSON.parse(readFileSync(join(place, "failure.json"), "utf8"))
      assert.strictEqual(kept.replay, "aplomb sim replay door --seed 7")
      assert.include(kept.failure.message, "it fell")
    })
  )

  it.effect("is kept as a verdict alone where it hangs, and takes away what stood there", () =>
    Effect.gen(function* () {
      const parent = temporaryDirectory()
      yield* keepFinding(parent, falling, finding)
      const hang = { kind: "hang", name: "a run ends", message: "it took too long" } as const
      const place = yield* keepFinding(parent, falling, { ...finding, failure: hang })
      assert.deepStrictEqual(readdirSync(place), ["failure.json"])
      const kept = JSON.parse(readFileSync(join(place, "failure.json"), "utf8"))
      assert.deepStrictEqual(kept.failure, hang)
      assert.match(kept.note, /^There is no trace: /)
    })
  )

  it.effect("is refused by a sentence where its directory cannot be made", () =>
    Effect.gen(function* () {
      const file = join(temporaryDirectory(), "file")
      writeFileSync(file, "")
      for (const parent of [file, join(file, "below")]) {
        const { message, exitCode } = yield* Effect.flip(keepFinding(parent, falling, finding))
        assert.strictEqual(exitCode, 2)
        assert.isTrue(message.startsWith(`${parent} cannot be written: `), message)
      }
    })
  )
})
