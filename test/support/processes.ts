/** Child processes for tests: what they wrote is kept, and all of them are gone when the scope closes. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"
import { Data, Effect, type Scope } from "effect"

/** Something that was waited for did not come; `log` is what the processes wrote meanwhile. */
export class NeverHappened extends Data.TaggedError("NeverHappened")<{
  readonly what: string
  readonly log: string
}> {
  override get message(): string {
    return `never happened: ${this.what}\n${this.log}`
  }
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export interface OwnedProcess {
  readonly pid: number
  readonly startedAtMs: number
  /** Everything that it wrote, both streams. */
  readonly log: () => string
  readonly stdout: () => string
  readonly exit: () => Exit | undefined
  readonly signal: (name: NodeJS.Signals) => void
  /** Writes to its stdin. */
  readonly say: (text: string) => void
  /** Returns when the process has ended, by itself or by a signal. */
  readonly ended: Effect.Effect<Exit>
}

export interface ProcessOptions {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** Of a log only so much of the end is kept. */
  readonly logMaxUnits?: number
}

const defaultLogMaxUnits = 64 * 1024 * 1024

class Owned implements OwnedProcess {
  readonly startedAtMs = Date.now()
  readonly #child: ChildProcess
  readonly #ended: Promise<Exit>
  #exit: Exit | undefined
  #log = ""
  #stdout = ""

  constructor({ command, args, env, logMaxUnits = defaultLogMaxUnits }: ProcessOptions) {
    // A pipe as stdin, so that a child that watches it ends together with whoever runs the tests.
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, stdio: "pipe" })
    const keep = (kept: string, chunk: string) => (kept + chunk).slice(-logMaxUnits)
    this.#child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      this.#log = keep(this.#log, chunk)
      this.#stdout = keep(this.#stdout, chunk)
    })
    this.#child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
      this.#log = keep(this.#log, chunk)
    })
    this.#child.stdin!.on("error", () => {})
    this.#ended = once(this.#child, "close").then(
      ([code, signal]) => (this.#exit = { code, signal }),
      (error: Error) => {
        this.#log += error.message
        return (this.#exit = { code: null, signal: null })
      }
    )
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }
  log(): string {
    return this.#log
  }
  stdout(): string {
    return this.#stdout
  }
  exit(): Exit | undefined {
    return this.#exit
  }
  signal(name: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(name)
  }
  say(text: string): void {
    this.#child.stdin!.write(text)
  }
  get ended(): Effect.Effect<Exit> {
    return Effect.promise(() => this.#ended)
  }
}

/** Starts a process; it is killed, by its pid, when the scope closes. */
export const ownedProcess = (options: ProcessOptions): Effect.Effect<OwnedProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Owned(options)),
    (owned) =>
      Effect.suspend(() => {
        owned.signal("SIGKILL")
        return owned.ended
      })
  )

const pollEveryMs = 25

/** Polls until `holds` is true. The deadline is generous: it ends a hang, it measures nothing. */
export const eventually = (
  what: string,
  holds: () => boolean,
  options: { readonly withinMs?: number; readonly log?: () => string } = {}
): Effect.Effect<void, NeverHappened> =>
  Effect.suspend(() => {
    const { withinMs = 60_000, log = () => "" } = options
    const deadlineMs = Date.now() + withinMs
    const wait = async () => {
      while (!holds()) {
        if (Date.now() > deadlineMs) throw new NeverHappened({ what, log: log() })
        await delay(pollEveryMs)
      }
    }
    return Effect.tryPromise({ try: wait, catch: (cause) => cause as NeverHappened })
  })

/** Resident memory of a process in bytes, as the kernel counts it. */
export const residentBytes = (pid: number): number => {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))
  return Number(found?.[1] ?? Number.NaN) * 1024
}
