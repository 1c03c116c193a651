/** Options of the NATS adapter that cannot work are refused before dialling, each with a sentence. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, PlatformError } from "effect"
import { natsBus } from "./nats.ts"
import { credentialsFromFile, type NatsOptions } from "./nats-options.ts"

const refused = (options: Partial<NatsOptions>) =>
  natsBus({ servers: ["nats://127.0.0.1:1"], name: "options", ...options }).pipe(
    Effect.scoped,
    Effect.flip,
    Effect.map((error) => error.message)
  )

describe("options of the bus over NATS", () => {
  it.effect("that cannot work are named, with what to do", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Partial<NatsOptions>, RegExp]> = [
        [{ servers: "host:4222" as never }, /option servers is "host:4222"; give a list, such as \["127/],
        [{ servers: null as never }, /option servers is null; give a list/],
        [{ servers: [5 as never] }, /option servers has 5; give each as text, nats:/],
        [{ servers: [] }, /option servers is empty; give one, such as nats:/],
        [{ servers: ["ws://host:80"] }, /names a WebSocket; give the NATS port instead/],
        [
          { servers: ["nats://ann:secret@host:4222"] },
          /has a user in its address; put it into .* credentials/
        ],
        [{ servers: ["http://host:4222"] }, /"http:\/\/host:4222", which is no address/],
        [{ servers: ["nats://host:99999"] }, /which is no address; write it as nats:\/\/host:4222/],
        [{ servers: ["nats://host:0"] }, /which is no address/],
        [{ servers: ["ho st"] }, /which is no address/],
        [{ inboxPrefix: "a.*" }, /option inboxPrefix cannot start a subject: wildcards/],
        [{ firstConnectTimeoutMs: -1 }, /option firstConnectTimeoutMs is -1; give a number of milliseconds/],
        [{ closeTimeoutMs: Number.NaN }, /option closeTimeoutMs is NaN/],
        [
          { credentials: { _tag: "Creds", content: "nothing" } },
          /option credentials holds no JWT with its seed/
        ]
      ]
      for (const [options, message] of cases) assert.match(yield* refused(options), message)
    })
  )

  it.effect("a creds file is read by the file system given, and its absence is said", () =>
    Effect.gen(function* () {
      const files = FileSystem.layerNoop({
        readFileString: (path) =>
          path === "there"
            ? Effect.succeed("content")
            : Effect.fail(
                PlatformError.systemError({
                  _tag: "NotFound",
                  module: "FileSystem",
                  method: "readFileString"
                })
              )
      })
      const read = (path: string) => credentialsFromFile(path).pipe(Effect.provide(files))
      assert.deepStrictEqual(yield* read("there"), { _tag: "Creds", content: "content" })
      assert.match(
        (yield* Effect.flip(read("absent"))).message,
        /option credentials names a file to read: .*NotFound/
      )
    })
  )
})
