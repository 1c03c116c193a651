/** Where nats-server is looked for, what is said where there is none, and how it is stopped. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import { choosePort, findNatsServer, natsServerChild } from "./nats-server.ts"

/** A server that is gone when its guard, stopped meanwhile, gets to hear that it is to stop it. */
const endsBeforeItIsStopped = `#!/bin/sh
sleep 0.2
kill -STOP "$PPID"
kill -TERM "$PPID"
( sleep 0.3; kill -CONT "$PPID" ) &
`

describe("nats-server", () => {
  it.effect("that is nowhere is answered with how to install it or do without", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(findNatsServer("/nowhere", ["/neither"]))
      assert.strictEqual(failure.exitCode, 3)
      assert.include(failure.message, "install it")
      assert.include(failure.message, "--bus memory")
    })
  )

  it.effect("gets no port that is in use, or that the system gives to nobody, and it is said which", () =>
    Effect.gen(function* () {
      const taken = createServer().listen(0, "127.0.0.1")
      onTestFinished(() => void taken.close())
      yield* Effect.promise(() => once(taken, "listening"))
      const { port } = taken.address() as AddressInfo
      const inUse = yield* Effect.flip(choosePort(port))
      const advice = "take another, or none: then a free one is found"
      assert.strictEqual(inUse.message, `port ${port} of 127.0.0.1 is in use; ${advice}`)
      assert.strictEqual(inUse.exitCode, 2)
      const message = "listen EACCES: permission denied 127.0.0.1:80"
      const forbidden = (port: number) =>
        port === 0 ? Effect.succeed(5) : Effect.fail({ code: "EACCES", message })
      const refused = yield* Effect.flip(choosePort(80, forbidden))
      assert.strictEqual(
        refused.message,
        `port 80 of 127.0.0.1 cannot be listened on (${message}); ${advice}`
      )
      assert.strictEqual(yield* choosePort(undefined, forbidden), 5)
    })
  )

  it("that has ended by itself when it is stopped is nothing to speak of", async () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-nats-server-"))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const path = join(directory, "nats-server")
    writeFileSync(path, endsBeforeItIsStopped)
    chmodSync(path, 0o755)
    const { command, parameters } = natsServerChild(path, 4222, join(directory, "log"), () => {})
    const guard = spawn(command, parameters, { timeout: 60_000, stdio: ["pipe", "ignore", "pipe"] })
    let said = ""
    guard.stderr.setEncoding("utf8").on("data", (text) => (said += text))
    const [, signal] = await once(guard, "close")
    assert.deepStrictEqual([said, signal], ["", null])
  })
})
