/** The lock of a data directory on a real machine, and who is alive to hold it. */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { Effect } from "effect"
import { attempt } from "./disk-call.ts"
import { answers, listen, namespaceHere, removeDead } from "./files-lock-socket.ts"
import { type LockFiles, type LockOwner, lockName, releaseLock, takeLock } from "./lock.ts"
import { DirectoryInUse } from "./port.ts"

const readIfThere = (path: string): string | undefined => {
  try {
    return fs.readFileSync(path, "utf8")
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === "ENOENT") return undefined
    if (code === "EISDIR")
      throw new Error("it is a directory, which no node makes: remove it, or move it away")
    throw cause
  }
}

interface ProcessStatus {
  readonly startTime: string
  /**
   * Nothing of it runs. A process that was killed is a zombie from the end of its first thread on, while
   * another thread may still be in a write to a slow disk.
   */
  readonly isOver: boolean
}

/** Reads what Linux tells in `/proc/PID/stat`. */
export const statusIn = (stat: string): ProcessStatus => {
  // The second field, the name of the program, may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const [state = "", threads] = [fields[0], Number(fields[17])]
  return { startTime: fields[19] ?? "", isOver: state === "X" || (state === "Z" && !(threads > 1)) }
}

/** Undefined where it does not run, or the system is no Linux. */
const processStatus = (pid: number): ProcessStatus | undefined => {
  try {
    return statusIn(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return undefined
  }
}

const bootOf = (): string => {
  try {
    return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  } catch {
    return "unknown"
  }
}

const isAliveHere = (owner: LockOwner): boolean => {
  const status = processStatus(owner.pid)
  if (status !== undefined) return status.startTime === owner.startTime && !status.isOver
  if (processStatus(process.pid) !== undefined) return false
  try {
    process.kill(owner.pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Its number is of another namespace, such as that of another container: here it may be anybody's. */
const isElsewhere = ({ namespace }: LockOwner): boolean =>
  namespace !== undefined && namespace !== namespaceHere()

/** `gone`: owners elsewhere that did not answer. */
const lockFilesIn = (directory: string, instance: string, gone: ReadonlySet<string>): LockFiles => {
  const isAlive = (owner: LockOwner): boolean => {
    if (owner.pid <= 0 || owner.boot !== bootOf()) return false
    return isElsewhere(owner) ? !gone.has(owner.instance) : isAliveHere(owner)
  }
  const aside = `${directory}/lock.new-${instance}`
  const write = (content: string) => fs.writeFileSync(aside, content, { flush: true })
  return {
    read: (name) => readIfThere(`${directory}/${name}`),
    create: (name, content) => {
      write(content)
      try {
        fs.linkSync(aside, `${directory}/${name}`)
        return true
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false
        throw cause
      } finally {
        fs.rmSync(aside, { force: true })
      }
    },
    replace: (name, content) => {
      write(content)
      fs.renameSync(aside, `${directory}/${name}`)
    },
    remove: (name) => fs.rmSync(`${directory}/${name}`, { force: true }),
    isAlive
  }
}

const take = (files: LockFiles, me: LockOwner): LockOwner | undefined => {
  const steps = takeLock(files, me)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const taking = Effect.fnUntraced(function* (directory: string) {
  const instance = randomUUID()
  const namespace = namespaceHere()
  // Before the lock names it: whoever reads that name asks there.
  const listens = namespace !== undefined && (yield* listen(directory, instance))
  const startTime = processStatus(process.pid)?.startTime ?? "unknown"
  const me: LockOwner = { pid: process.pid, startTime, boot: bootOf(), instance, namespace, listens }
  const gone = new Set<string>()
  const files = lockFilesIn(directory, instance, gone)
  const path = `${directory}/${lockName}`
  for (;;) {
    const holder = yield* attempt("lock", path, () => take(files, me))
    if (holder === undefined) return { files, me, path }
    if (!isElsewhere(holder))
      return yield* new DirectoryInUse({ path: directory, holder: `process ${holder.pid}` })
    if (holder.listens !== true || (yield* answers(directory, holder.instance))) {
      const who = `process ${holder.pid} of another container, or whatever else has its own process numbers`
      const unsure = `${who} (if no such process runs any more, remove the file ${path})`
      return yield* new DirectoryInUse({ path: directory, holder: holder.listens === true ? who : unsure })
    }
    gone.add(holder.instance)
  }
})

/** Takes a directory for this process until the scope closes. */
export const lock = (directory: string) =>
  Effect.acquireRelease(taking(directory), ({ files, me, path }) =>
    Effect.ignore(attempt("unlock", path, () => releaseLock(files, me)))
  ).pipe(Effect.andThen(removeDead(directory)))
