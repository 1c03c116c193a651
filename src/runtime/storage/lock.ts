/**
 * Taking a directory for one process with nothing but files, in a way that holds when several processes try
 * at once and that a killed process does not block.
 *
 * The file `lock` names an owner. Creating a file with its content, only where there is none, is atomic (a
 * hard link), and is the one thing that decides. The lock of a dead owner is not deleted (somebody else might
 * have replaced it meanwhile): whoever wants it creates the claim `lock.after-<instance of the dead>`, which
 * only one can. A claimant that died is followed in the same way. So a chain leads from `lock` to the one
 * owner who counts, and that one, if alive, puts its own name in `lock` and clears the chain away.
 *
 * Why it is safe: instances are drawn at random and never come back, so `lock` never returns to an earlier
 * content, and while it stays the same the chain from it only grows, at its end. A claim on one whom the
 * chain no longer reaches counts for nothing, for ever: its owner finds that out by walking the chain again,
 * and takes it away.
 */

/** A process that holds, or would hold, the lock. */
export interface LockOwner {
  readonly pid: number
  /** When the process started: another process that got the same pid is not the holder. */
  readonly startTime: string
  /** Which boot of the machine it is. */
  readonly boot: string
  readonly instance: string
  /** Where its number means that process; undefined where nobody knows of any such place. */
  readonly namespace?: string | undefined
  /** It answers whoever asks in the directory. */
  readonly listens?: boolean | undefined
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
    const { pid, startTime, boot, instance, namespace, listens } = JSON.parse(content)
    if (typeof pid === "number" && typeof instance === "string" && /^[\w-]+$/.test(instance)) {
      const where = typeof namespace === "string" ? { namespace, listens: listens === true } : {}
      return { pid, startTime: String(startTime), boot: String(boot), instance, ...where }
    }
  } catch {
    // What cannot be read was cut short by a loss of power: its writer is gone.
  }
  return { pid: 0, startTime: "", boot: "", instance: instanceIfUnreadable }
}

interface Chain {
  /** The claims that lead from `lock` to `last`. */
  readonly claims: ReadonlyArray<string>
  readonly last: LockOwner
}

function* walk(files: LockFiles): Generator<void, Chain | undefined, void> {
  for (;;) {
    yield
    const head = files.read(lockName)
    if (head === undefined) return undefined
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
    if (files.read(lockName) === head) return { claims, last }
  }
}

/**
 * Takes the lock for `me`: undefined once taken, or the living process that has it. It pauses (yields) before
 * each step on the files, so that a test can put the steps of others between.
 */
export function* takeLock(files: LockFiles, me: LockOwner): Generator<void, LockOwner | undefined, void> {
  const content = JSON.stringify(me)
  for (;;) {
    const before = yield* walk(files)
    yield
    if (before === undefined) {
      if (files.create(lockName, content)) return undefined
      continue
    }
    if (files.isAlive(before.last)) return before.last
    const claim = claimName(before.last)
    yield
    if (!files.create(claim, content)) continue
    const after = yield* walk(files)
    yield
    if (after?.last.instance !== me.instance) {
      files.remove(claim)
      continue
    }
    files.replace(lockName, content)
    for (const name of after.claims) {
      yield
      files.remove(name)
    }
    return undefined
  }
}

/** Gives the lock back, unless it is somebody else's by now. */
export const releaseLock = (files: LockFiles, me: LockOwner): void => {
  const head = files.read(lockName)
  if (head !== undefined && ownerFrom(head, "unreadable").instance === me.instance) files.remove(lockName)
}
