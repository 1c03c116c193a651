/** What is kept of a run that fails, and what is said where it cannot be kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import type { Finding } from "../../sim/runs/report.ts"
import { parseSeeds } from "../../sim/runs/seeds.ts"
import { simulate } from "../../sim/simulation.ts"
import { keepFinding, seeAgain } from "./artefacts.ts"

const falling = simulate("door").setup((world) => void world.violated(new Error("it fell")))
const run = falling.run({ seed: 7 })
const finding: Finding = { simulation: "door", recipe: "7", failure: run.failure!, run, before: ["5", "6"] }
const keep = (parent: string, of = finding, simulation = falling) =>
  keepFinding(parent, of, seeAgain(simulation, of))
const read = (place: string, name: string) => JSON.parse(readFileSync(join(place, name), "utf8"))

const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), "aplomb-artefacts-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

describe("a run that fails", () => {
  it.effect("is kept in a directory of its own, with the command that runs it again", () =>
    Effect.gen(function* () {
      const parent = join(temporaryDirectory(), "of", "today")
      const place = yield* keep(parent)
      assert.strictEqual(place, join(parent, "door-7"))
      const names = ["failure.json", "history.jsonl", "picture.html", "trace.jsonl"]
      assert.deepStrictEqual(readdirSync(place).sort(), names)
      const kept = read(place, "failure.json")
      assert.strictEqual(kept.replay, "aplomb sim replay door --seed 7")
      assert.include(kept.failure.message, "it fell")
      assert.strictEqual(kept.note, undefined)
    })
  )

  it.effect("is kept as a verdict where it hangs, and takes away what stood there", () =>
    Effect.gen(function* () {
      const parent = temporaryDirectory()
      yield* keep(parent)
      const hang = { kind: "hang", name: "a run ends", message: "it took too long" } as const
      const { run: _, ...rest } = finding
      const place = yield* keep(parent, { ...rest, failure: hang })
      assert.deepStrictEqual(readdirSync(place).sort(), ["before.json", "failure.json"])
      const kept = read(place, "failure.json")
      assert.deepStrictEqual(kept.failure, hang)
      assert.match(kept.note, /^There is no trace: /)
      const memory = { kind: "memory", name: "a run has memory enough", message: "it grew" } as const
      const full = yield* keep(parent, { ...rest, failure: memory })
      assert.match(read(full, "failure.json").note, /^There is no trace: the run fills the memory, /)
      yield* keep(parent, { ...rest, failure: hang, before: [] })
      assert.deepStrictEqual(readdirSync(place), ["failure.json"])
    })
  )

  it.effect("and does not do so again is kept as it was, beside what came of it then", () =>
    Effect.gen(function* () {
      const parent = temporaryDirectory()
      const place = yield* keep(parent, finding, simulate("door").chaosFor({ min: 1, max: 1 }))
      const names = ["again", "before.json", "failure.json", "history.jsonl"]
      assert.deepStrictEqual(readdirSync(place).sort(), names)
      const again = ["history.jsonl", "picture.html", "trace.jsonl"]
      assert.deepStrictEqual(readdirSync(join(place, "again")).sort(), again)
      const kept = read(place, "failure.json")
      assert.deepStrictEqual([kept.failure, kept.digest, kept.again.failure], [run.failure, run.digest, null])
      assert.notStrictEqual(kept.again.digest, run.digest)
      assert.match(
        kept.note,
        /^It did not happen again: run by itself, nothing was wrong\. .+ the 2 runs before/
      )
      const path = join(place, "before.json")
      assert.strictEqual(kept.replay, `aplomb sim run door --known ${path} --seeds 1 --jobs 1`)
      const recipes = parseSeeds(readFileSync(path, "utf8")).map(({ recipe }) => recipe)
      assert.deepStrictEqual(recipes, ["5", "6", "7"])
      yield* keep(parent)
      assert.notInclude(readdirSync(place), "again")
    })
  )

  it.effect("is told where its second run throws", () =>
    Effect.gen(function* () {
      const throwing = simulate("door").setup(() => {
        throw new Error("no key")
      })
      const place = yield* keep(temporaryDirectory(), { ...finding, before: [] }, throwing)
      assert.deepStrictEqual(readdirSync(place).sort(), ["failure.json", "history.jsonl"])
      const kept = read(place, "failure.json")
      assert.match(
        kept.note,
        /^It did not happen again: run by itself, it threw: .+ for seed 7: no key\. No run came before it/
      )
      assert.strictEqual(kept.replay, "aplomb sim replay door --seed 7")
    })
  )

  it.effect("is refused by a sentence where its directory cannot be made", () =>
    Effect.gen(function* () {
      const file = join(temporaryDirectory(), "file")
      writeFileSync(file, "")
      for (const parent of [file, join(file, "below")]) {
        const { message, exitCode } = yield* Effect.flip(keep(parent))
        assert.strictEqual(exitCode, 2)
        assert.isTrue(message.startsWith(`${parent} cannot be written: `), message)
      }
    })
  )
})
