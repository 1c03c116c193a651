/**
 * The nats-server of `aplomb dev`: where it is, on which port, and how it is kept from outliving its cluster.
 */
import { accessSync, constants } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { delimiter, join } from "node:path"
import { Effect } from "effect"
import { CommandFailed, exitCodes } from "../failure.ts"
import { packagePath } from "../package.ts"
import type { ChildOptions } from "./child.ts"

const usualPlaces = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"]
const defaultPort = 4222

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of the nats-server of this machine: on the search path, or where packages usually put it. */
export const findNatsServer = (
  searchPath: string = process.env["PATH"] ?? "",
  places: ReadonlyArray<string> = usualPlaces
): Effect.Effect<string, CommandFailed> => {
  const directories = [...searchPath.split(delimiter), ...places]
  const path = directories.map((directory) => join(directory, "nats-server")).find(isExecutable)
  if (path !== undefined) return Effect.succeed(path)
  const reason =
    "nats-server is not on this machine; install it (apt-get or brew install nats-server) " +
    "or try aplomb dev --bus memory, which needs none"
  return Effect.fail(new CommandFailed({ reason, exitCode: exitCodes.unavailable }))
}

/** Why a port cannot be listened on, in the words of the system. */
type PortProblem = Pick<NodeJS.ErrnoException, "code" | "message">

const notThisPort = (port: number, { code, message }: PortProblem): CommandFailed => {
  const problem = code === "EADDRINUSE" ? "is in use" : `cannot be listened on (${message})`
  const reason = `port ${port} of 127.0.0.1 ${problem}; take another, or none: then a free one is found`
  return new CommandFailed({ reason, exitCode: exitCodes.usage })
}

/**
 * The port that was asked for, if it can be listened on (0 stands for any); else the usual one or, where that
 * cannot, any.
 *
 * @param tryPort what finds out
 */
export const choosePort = (
  wanted: number | undefined,
  tryPort: (port: number) => Effect.Effect<number, PortProblem> = boundPort
): Effect.Effect<number, CommandFailed> => {
  const one = (port: number) => Effect.mapError(tryPort(port), (problem) => notThisPort(port, problem))
  return wanted === undefined ? Effect.catch(tryPort(defaultPort), () => one(0)) : one(wanted)
}

/** The port if it can be listened on; 0 stands for any. */
const boundPort = (port: number): Effect.Effect<number, PortProblem> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", (problem: PortProblem) => resume(Effect.fail(problem)))
    server.listen(port, "127.0.0.1", () => {
      const { port: bound } = server.address() as AddressInfo
      server.close(() => resume(Effect.succeed(bound)))
    })
  })

/**
 * Runs the server and stops it when stdin ends, as it will where the process that holds the other end is
 * killed. A server does not look at its stdin by itself. The shell ends last, so that nothing is left to the
 * first process of the machine to wait for.
 */
const guarded = `
exec 3<&0
"$@" </dev/null 3<&- & server=$!
( while read -r _ <&3; do :; done; kill "$server" ) 2>/dev/null & guard=$!
trap 'kill "$server" 2>/dev/null' TERM INT
wait "$server"; code=$?
if kill -0 "$server" 2>/dev/null; then wait "$server"; code=0; fi
kill "$guard" 2>/dev/null
wait "$guard" 2>/dev/null
exit "$code"
`

const configuration = packagePath("nats.conf")

/** How to run the server on a port; its log goes to a file. */
export const natsServerChild = (
  path: string,
  port: number,
  logPath: string,
  say: (line: string) => void
): ChildOptions => ({
  name: "nats-server",
  // It has nothing to lose, and all that used it are gone when it is told to stop.
  stopTimeoutMs: 1000,
  command: "/bin/sh",
  parameters: ["-c", guarded, "sh", path, "-c", configuration, "-p", String(port), "-l", logPath],
  say
})
