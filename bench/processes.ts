/** Processes that a measurement starts, and stops by their ids whatever happens. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

const running = new Set<ChildProcess>()
const directories = new Set<string>()

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL")
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130))

/** A directory that goes away with this process, however it ends. */
export const temporaryDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "aplomb-bench-"))
  directories.add(directory)
  return directory
}

/** Starts a program; what it prints on stdout is collected. */
export const start = (program: string, args: ReadonlyArray<string>) => {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] })
  running.add(child)
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk)
  })
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk)
  })
  const ended = once(child, "exit").then(() => running.delete(child))
  return {
    pid: child.pid!,
    stdin: child.stdin,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    stop: async (signal: NodeJS.Signals = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await Promise.race([ended, sleep(5000).then(() => child.kill("SIGKILL"))])
    }
  }
}

export type Started = ReturnType<typeof start>

/** Runs a program to its end and gives what it printed; throws with what it complained of where it failed. */
export const run = async (program: string, args: ReadonlyArray<string>): Promise<string> => {
  const child = start(program, args)
  await child.ended
  if (child.stdout() === "")
    throw new Error(`${program} ${args.join(" ")} printed nothing: ${child.stderr()}`)
  return child.stdout()
}

/** Waits until `ready` is true, for a minute at most. */
export const until = async (what: string, ready: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 600; tries++) {
    if (await ready()) return
    await sleep(100)
  }
  throw new Error(`${what} did not happen within a minute`)
}

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}

/** Where a program of Debian is, or undefined where it is not installed. */
export const findProgram = (name: string): string | undefined =>
  [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/bin"]
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path))

export const medianOf = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export { sleep }
