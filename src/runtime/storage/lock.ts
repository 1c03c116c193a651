/**
 * Taking a directory for one process with nothing but files, in a way that holds when several processes try at once and that
 * a killed process does not block.
 *
 * The file `lock` names the holder. Creating a file with its content, only where there is none, is atomic (a hard link), and
 * is the one thing that decides. A dead holder's lock is not deleted (somebody else may have replaced it meanwhile): whoever
 * wants it creates the claim `lock.after-<instance of the dead>`, which only one can; and replaces `lock` by its own, if `lock`
 * is then still the one of the dead. A claimant that died is followed in the same way, by a claim on its claim. Instances are
 * drawn at random and never come back, so `lock` never goes back to an earlier content: the check after the claim is safe.
 */

/** A process that holds, or would hold, the lock. */
export interface LockOwner {
  readonly pid: number
  /** When the process started: another process that got the same pid is not the holder. */
  readonly startTime: string
  /** Which boot of the machine it is. */
  readonly boot: string
  readonly instance: string
}

/** What taking the lock needs of the file system; names are within the directory. */
export interface LockFiles {
  readonly read: (name: string) => string | undefined
  /** Creates the file with its whole content; false where the name is taken. */
  readonly create: (name: string, content: string) => boolean
  /** Puts the content in the place of the file at once. */
  readonly replace: (name: string, content: string) => void
  readonly remove: (name: string) => void
  readonly isAlive: (owner: LockOwner) => boolean
}

export const lockName = "lock"
const claimName = (owner: LockOwner): string => `lock.after-${owner.instance}`

/** `instanceIfUnreadable` must differ from one claim to the next, or following the claims would never end. */
const ownerFrom = (content: string, instanceIfUnreadable: string): LockOwner => {
  try {
    const { pid, startTime, boot, instance } = JSON.parse(content)
    if (typeof pid === "number" && typeof instance === "string" && /^[\w-]+$/.test(instance)) {
      return { pid, startTime: String(startTime), boot: String(boot), instance }
    }
  } catch {
    // What cannot be read was cut short by a loss of power: its writer is gone.
  }
  return { pid: 0, startTime: "", boot: "", instance: instanceIfUnreadable }
}

/**
 * Takes the lock for `me`: undefined once taken, or the living process that has it. It pauses (yields) before each step on
 * the files, so that a test can put the steps of others between.
 */
export function* takeLock(files: LockFiles, me: LockOwner): Generator<void, LockOwner | undefined, void> {
  const content = JSON.stringify(me)
  for (;;) {
    yield
    const head = files.read(lockName)
    if (head === undefined) {
      yield
      if (files.create(lockName, content)) return undefined
      continue
    }
    const claims: Array<string> = []
    let last = ownerFrom(head, "unreadable")
    for (;;) {
      yield
      const next = files.read(claimName(last))
      if (next === undefined) break
      claims.push(claimName(last))
      last = ownerFrom(next, `${last.instance}-then-unreadable`)
    }
    yield
    if (files.isAlive(last)) {
      yield
      if (files.read(lockName) === head) return last
      continue
    }
    const claim = claimName(last)
    yield
    if (!files.create(claim, content)) continue
    yield
    if (files.read(lockName) === head) {
      yield
      files.replace(lockName, content)
      for (const name of [...claims, claim]) {
        yield
        files.remove(name)
      }
      return undefined
    }
    yield
    files.remove(claim)
  }
}

/** Gives the lock back, unless it is somebody else's by now. */
export const releaseLock = (files: LockFiles, me: LockOwner): void => {
  const head = files.read(lockName)
  if (head !== undefined && ownerFrom(head, "unreadable").instance === me.instance) files.remove(lockName)
}
