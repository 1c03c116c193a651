/** Runs the command line as users do: as processes, with what they print and how they end. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { onTestFinished } from "vitest"
import { aplombMain } from "./cluster.ts"
import { findPort } from "./nats-server.ts"

export interface CliResult {
  readonly stdout: string
  readonly stderr: string
  /** Null where a signal ended it. */
  readonly exitCode: number | null
}

export interface CliOptions {
  readonly stdin?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A cluster of `aplomb dev`, and how a command finds it. */
export interface DevCluster {
  readonly process: CliProcess
  readonly server: string
  readonly environment: Readonly<Record<string, string>>
}

/** A command that runs until it ends or is told to. */
export class CliProcess {
  readonly child: ChildProcess
  readonly ended: Promise<CliResult>
  stdout = ""
  stderr = ""

  constructor(words: ReadonlyArray<string>, { stdin, environment }: CliOptions = {}) {
    const env = { ...process.env, ...environment }
    const child = spawn(process.execPath, [aplombMain, ...words], { env, stdio: "pipe" })
    this.child = child
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
    })
    if (stdin !== undefined) child.stdin.end(stdin)
    this.ended = new Promise((resolve) => {
      child.once("close", (exitCode) => resolve({ stdout: this.stdout, stderr: this.stderr, exitCode }))
    })
  }

  /** Returns when stdout matches; fails with everything that was printed where that takes too long. */
  async says(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpMatchArray> {
    for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; await delay(20)) {
      const found = this.stdout.match(pattern)
      if (found !== null) return found
      if (this.child.exitCode !== null) break
    }
    throw new Error(`"${pattern.source}" was not printed; instead:\n${this.stdout}\n${this.stderr}`)
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<CliResult> {
    this.child.kill(signal)
    return this.ended
  }

  /** For the end of a test: whatever state it is in. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL")
    await this.ended
  }
}

/**
 * A cluster of processes that has begun to serve, on a port that it is given: two that choose the usual one
 * at the same moment would both think it free. Whoever starts it ends it.
 */
export const serve = async (words: ReadonlyArray<string>, options: CliOptions = {}): Promise<DevCluster> => {
  const port = await findPort()
  const process = new CliProcess(["dev", ...words, "--port", String(port)], options)
  const server = `127.0.0.1:${port}`
  try {
    await process.says(/^ready$/m)
  } catch (error) {
    await process.kill()
    throw error
  }
  return { process, server, environment: { APLOMB_SERVERS: server } }
}

/** The same, killed at the end of the test if it still runs. */
export const startDev = async (words: ReadonlyArray<string>, options: CliOptions = {}) => {
  const dev = await serve(words, options)
  onTestFinished(() => dev.process.kill())
  return dev
}

/** Starts a command that is killed at the end of the test, if it still runs. */
export const startCli = (words: ReadonlyArray<string>, options: CliOptions = {}): CliProcess => {
  const process = new CliProcess(words, options)
  onTestFinished(() => process.kill())
  return process
}

/** Runs a command to its end. */
export const cli = (words: ReadonlyArray<string>, options: CliOptions = {}): Promise<CliResult> =>
  new CliProcess(words, { stdin: "", ...options }).ended

/** A directory that is removed at the end of the test. */
export const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), "aplomb-cli-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/**
 * Whether a process with this pid runs. One that has ended and that nobody has waited for yet does not: the
 * first process of a container may look for those only every few seconds.
 */
const isAlive = (pid: number): boolean => {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("Z")
  } catch {
    return false
  }
}

/** Returns when none of the processes is there any more. */
export const allGone = async (pids: ReadonlyArray<number>, timeoutMs: number): Promise<boolean> => {
  for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; await delay(50)) {
    if (!pids.some(isAlive)) return true
  }
  return false
}
