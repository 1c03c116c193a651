/**
 * A sign of life that reaches from one PID namespace into another: the owner of a directory listens at a
 * socket within it. Whoever can write to the directory can ask, and the kernel answers for a process that
 * stands still, and no longer for one that was killed.
 */
import * as fs from "node:fs"
import { connect, createServer, type Server } from "node:net"
import { Effect, type Scope } from "effect"

const socketName = (instance: string): string => `lock.at-${instance}`
const socketPattern = /^lock\.at-([\w-]+)$/

/** Where processes see each other by the same numbers; undefined where the system has no such thing. */
export const namespaceHere = (): string | undefined => {
  try {
    return fs.readlinkSync("/proc/self/ns/pid")
  } catch {
    return undefined
  }
}

/** A name for the directory that is short: the path of a socket has room for a hundred bytes. */
const openDirectory = (directory: string): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try(() => fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)),
    (descriptor) => Effect.sync(() => fs.closeSync(descriptor))
  )

const pathIn = (descriptor: number, instance: string): string =>
  `/proc/self/fd/${descriptor}/${socketName(instance)}`

const listening = (path: string): Effect.Effect<Server, unknown> =>
  Effect.callback((resume) => {
    const server = createServer((socket) => socket.destroy())
    server.on("error", (error) => resume(Effect.fail(error)))
    server.listen(path, () => resume(Effect.succeed(server.unref())))
  })

/**
 * Listens until the scope closes. False where that cannot be: some file systems have no sockets. The rest of
 * what guards the directory holds all the same.
 */
export const listen = (directory: string, instance: string): Effect.Effect<boolean, never, Scope.Scope> =>
  openDirectory(directory).pipe(
    Effect.flatMap((descriptor) =>
      Effect.acquireRelease(listening(pathIn(descriptor, instance)), (server) =>
        Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
      )
    ),
    Effect.match({ onSuccess: () => true, onFailure: () => false })
  )

const dead = new Set(["ENOENT", "ECONNREFUSED"])

/** Whether the owner of this name lives. One that may not be asked counts as alive. */
export const answers = (directory: string, instance: string): Effect.Effect<boolean> =>
  openDirectory(directory).pipe(
    Effect.flatMap((descriptor) =>
      Effect.callback<boolean>((resume) => {
        const socket = connect(pathIn(descriptor, instance))
        const said = (isAlive: boolean) => {
          socket.destroy()
          resume(Effect.succeed(isAlive))
        }
        socket.on("connect", () => said(true))
        socket.on("error", (error: NodeJS.ErrnoException) => said(!dead.has(error.code ?? "")))
      })
    ),
    Effect.scoped,
    Effect.orElseSucceed(() => true)
  )

/** Clears away the sockets of owners that were killed. */
export const removeDead = (directory: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (const name of fs.readdirSync(directory)) {
      const instance = socketPattern.exec(name)?.[1]
      if (instance === undefined || (yield* answers(directory, instance))) continue
      fs.rmSync(`${directory}/${name}`, { force: true })
    }
  }).pipe(Effect.ignoreCause)
