/** Where a load reads: files have a size and positions, pipes have neither and are read to their end. */
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import { type LoadInput, openInput } from "./input.ts"

const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), "aplomb-load-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const readAll = Effect.fnUntraced(function* (input: LoadInput) {
  let text = ""
  for (let position = 0; ; ) {
    const block = yield* input.read(position)
    if (block.length === 0) return text
    text += Buffer.from(block).toString()
    position += block.length
  }
})

describe("the input of a load", () => {
  it.live("is a file with its size, known again by its content", () =>
    Effect.gen(function* () {
      const path = join(directory(), "a.tsv")
      writeFileSync(path, "a\t1\nb\t2\n")
      const input = yield* openInput(path)
      assert.strictEqual(input.sizeBytes, 8)
      assert.strictEqual((yield* openInput(path)).identity, input.identity)
      assert.strictEqual(yield* readAll(input), "a\t1\nb\t2\n")
    }).pipe(Effect.scoped)
  )

  it.live("is a pipe, without size, to the end of what is written to it", () =>
    Effect.gen(function* () {
      const path = join(directory(), "pipe")
      execFileSync("/bin/sh", ["-c", 'mkfifo "$0"', path])
      const count = 200_000
      const writer = spawn("/bin/sh", ["-c", `yes 'a\tb' | head -n ${count} > "$0"`, path])
      onTestFinished(() => void writer.kill("SIGKILL"))
      const input = yield* openInput(path)
      assert.strictEqual(input.sizeBytes, undefined)
      assert.strictEqual((yield* readAll(input)).split("\n").length, count + 1)
    }).pipe(Effect.scoped)
  )

  it.live("that cannot be read is refused by a sentence", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(openInput("/no/such/file"))
      assert.match(message, /^\/no\/such\/file cannot be read: ENOENT/)
    }).pipe(Effect.scoped)
  )
})
