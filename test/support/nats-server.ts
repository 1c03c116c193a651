/** Starts nats-server on a free loopback port for tests; can kill it, freeze it and start it again. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createConnection, createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Data, Effect, type Scope } from "effect"

/** The server did not start, or not on time; its own words are in `log`. */
export class NatsServerFailed extends Data.TaggedError("NatsServerFailed")<{
  readonly reason: string
  readonly log: string
}> {
  override get message(): string {
    return `nats-server: ${this.reason}; is it installed (PATH or /usr/sbin)? Its log:\n${this.log}`
  }
}

export interface NatsServer {
  readonly url: string
  readonly port: number
  /** Everything that it has written, over all its lives. */
  readonly log: () => string
  /** Starts it again on the same port, if wanted with another configuration; returns when it answers. */
  readonly start: (config?: string) => Effect.Effect<void, NatsServerFailed>
  /** Kills it as a crash would (SIGKILL), and returns when it is gone. */
  readonly kill: Effect.Effect<void>
  /** Freezes it: its connections stay open, and nothing answers. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

const startTimeoutMs = 10_000
const environment = { ...process.env, PATH: `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin` }

/**
 * A server of its own for one test, stopped by its pid when the scope closes.
 *
 * @param config lines of a nats-server configuration; address and port are added to it
 */
export const natsServer = (config = ""): Effect.Effect<NatsServer, NatsServerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const process = yield* Effect.acquireRelease(
      Effect.map(Effect.promise(findPort), (port) => new ServerProcess(port)),
      (server) => Effect.promise(() => server.dispose())
    )
    const start = (lines = config) =>
      Effect.tryPromise({
        try: () => process.start(lines),
        catch: (cause) => new NatsServerFailed({ reason: String(cause), log: process.log })
      })
    yield* start()
    return {
      url: `nats://127.0.0.1:${process.port}`,
      port: process.port,
      log: () => process.log,
      start,
      kill: Effect.promise(() => process.signal("SIGKILL")),
      freeze: Effect.promise(() => process.signal("SIGSTOP")),
      thaw: Effect.promise(() => process.signal("SIGCONT"))
    }
  })

/** A port on which nobody listens now. */
export const findPort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

class ServerProcess {
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), "aplomb-nats-"))
  #child: ChildProcess | undefined
  log = ""

  constructor(port: number) {
    this.port = port
  }

  async start(config: string): Promise<void> {
    const path = join(this.#directory, "server.conf")
    writeFileSync(path, `listen: "127.0.0.1:${this.port}"\n${config}\n`)
    const child = spawn("nats-server", ["-c", path], {
      env: environment,
      stdio: ["ignore", "ignore", "pipe"]
    })
    this.#child = child
    let failure: string | undefined
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      this.log += chunk
    })
    child.once("error", (error) => {
      failure = error.message
    })
    child.once("exit", (code, signal) => {
      failure ??= `it ended at once (${signal ?? code})`
    })
    const deadlineMs = Date.now() + startTimeoutMs
    while (!(await answers(this.port))) {
      if (failure !== undefined) throw new Error(failure)
      if (Date.now() > deadlineMs) throw new Error(`no answer within ${startTimeoutMs} ms`)
      await delay(20)
    }
  }

  async signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = name === "SIGKILL" ? once(child, "exit") : undefined
    child.kill(name)
    await gone
  }

  async dispose(): Promise<void> {
    await this.signal("SIGKILL")
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** Whether a NATS server greets whoever connects. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1")
    const finish = (greeted: boolean) => {
      socket.destroy()
      resolve(greeted)
    }
    socket.setTimeout(1000, () => finish(false))
    socket.once("error", () => finish(false))
    socket.once("data", (chunk) => finish(chunk.toString().startsWith("INFO ")))
  })
