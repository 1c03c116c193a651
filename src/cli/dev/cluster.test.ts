/** The directory of a cluster on this machine belongs to one process at a time. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { dataDirectory } from "./cluster.ts"

describe("the directory of a cluster on this machine", () => {
  it.effect("is refused while another cluster has it, before anything is written, and taken after that", () =>
    Effect.gen(function* () {
      const parent = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "aplomb-dev-test-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const data = join(parent, "cluster")
      const second = Effect.gen(function* () {
        yield* dataDirectory(data)
        return yield* Effect.scoped(Effect.flip(dataDirectory(data)))
      })
      const { message, exitCode } = yield* Effect.scoped(second)
      assert.strictEqual(exitCode, 2)
      assert.strictEqual(
        message,
        `the directory ${data} is in use by process ${process.pid}; stop that process, or give another --data`
      )
      assert.deepStrictEqual(readdirSync(data), [])
      assert.strictEqual(yield* Effect.scoped(dataDirectory(data)), data)
    })
  )
})
