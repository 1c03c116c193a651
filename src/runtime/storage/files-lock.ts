/** The lock of a data directory on a real machine, and who is alive to hold it. */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { Effect } from "effect"
import { attempt } from "./disk-call.ts"
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

const isAlive = (owner: LockOwner): boolean => {
  if (owner.pid <= 0 || owner.boot !== bootOf()) return false
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

const lockFilesIn = (directory: string, instance: string): LockFiles => {
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

/** Takes a directory for this process until the scope closes. */
export const lock = (directory: string) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const instance = randomUUID()
      const startTime = processStatus(process.pid)?.startTime ?? "unknown"
      const me: LockOwner = { pid: process.pid, startTime, boot: bootOf(), instance }
      const files = lockFilesIn(directory, instance)
      const path = `${directory}/${lockName}`
      const holder = yield* attempt("lock", path, () => {
        const steps = takeLock(files, me)
        for (;;) {
          const step = steps.next()
          if (step.done === true) return step.value
        }
      })
      if (holder === undefined) return { files, me, path }
      return yield* new DirectoryInUse({ path: directory, holder: `process ${holder.pid}` })
    }),
    ({ files, me, path }) => Effect.ignore(attempt("unlock", path, () => releaseLock(files, me)))
  )
