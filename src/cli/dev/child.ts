/** A child process that is started again when it ends, and that is gone when its scope has closed. */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Effect, type Scope } from "effect"

export interface ChildOptions {
  /** What to call it, for people: "node n1". */
  readonly name: string
  readonly command: string
  readonly parameters: ReadonlyArray<string>
  /** Its variables; left out: those of this process. */
  readonly environment?: NodeJS.ProcessEnv
  /** How long it may take to stop before it is killed, in milliseconds. Default 5000. */
  readonly stopTimeoutMs?: number
  /** Takes each line that it prints. */
  readonly say: (line: string) => void
}

export interface Child {
  readonly pid: () => number | undefined
  /** How it ended, if it is not running now. */
  readonly ended: () => string | undefined
}

const restartAfterMs = 1000
/** How long a child may take to stop before it is killed, unless it is told otherwise. */
const defaultStopTimeoutMs = 5000

/**
 * Starts children and keeps them running until the scope closes; then all are stopped at once, and those that
 * are stuck are killed. Each watches its stdin, which this process holds: where this one is killed, they stop
 * all the same.
 */
export const keepRunning = (
  all: ReadonlyArray<ChildOptions>
): Effect.Effect<ReadonlyArray<Child>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => all.map((options) => new KeptChild(options))),
    (children) => Effect.forEach(children, (child) => child.stop, { concurrency: "unbounded", discard: true })
  )

class KeptChild implements Child {
  readonly #options: ChildOptions
  #process: ChildProcess | undefined
  #ended: string | undefined
  #restart: NodeJS.Timeout | undefined
  #stopping = false
  #onGone: () => void = () => {}

  constructor(options: ChildOptions) {
    this.#options = options
    this.#start()
  }

  pid = () => this.#process?.pid
  ended = () => this.#ended

  /** Asks it to stop, waits, and kills it where that is of no use. */
  readonly stop: Effect.Effect<void> = Effect.callback<void>((resume) => {
    this.#stopping = true
    clearTimeout(this.#restart)
    const child = this.#process
    if (child?.pid === undefined) return resume(Effect.void)
    const { stopTimeoutMs = defaultStopTimeoutMs } = this.#options
    const kill = setTimeout(() => signalGroup(child, "SIGKILL"), stopTimeoutMs)
    this.#onGone = () => {
      clearTimeout(kill)
      resume(Effect.void)
    }
    child.stdin?.end()
    child.kill("SIGTERM")
  })

  #start(): void {
    const { command, parameters, say, name, environment: env = process.env } = this.#options
    // A group of its own: Ctrl-C reaches this process alone, which then stops the others in order.
    const child = spawn(command, parameters, { env, stdio: ["pipe", "pipe", "pipe"], detached: true })
    this.#process = child
    this.#ended = undefined
    child.stdin.on("error", () => {})
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", say)
    const gone = (how: string) => {
      if (this.#process !== child) return
      this.#process = undefined
      this.#ended = how
      child.stdin.destroy()
      this.#onGone()
      if (this.#stopping) return
      const pid = child.pid === undefined ? "" : ` (pid ${child.pid})`
      say(`${name}${pid} ended (${how}); it starts again in ${restartAfterMs / 1000} s`)
      this.#restart = setTimeout(() => this.#start(), restartAfterMs)
    }
    child.once("error", (error) => gone(error.message))
    child.once("exit", (code, signal) => gone(signal ?? `exit code ${code}`))
  }
}

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // It is gone already.
  }
}
