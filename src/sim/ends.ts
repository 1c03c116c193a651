/** What a process may end with, and what is a finding. */
import { stackOf } from "../runtime/message-of.ts"

/** A run ended because a process did what none may do. */
export class ProcessBroke extends Error {
  constructor(process: string, message: string) {
    super(`the process ${process} broke: ${message}`)
    this.name = "ProcessBroke"
  }
}

const harmless = new Set(["DuplicateNode", "DirectoryInUse", "DiskFailed", "WalClosed"])

const damaged = new Set([
  "StorageCorrupted",
  "StorageRolledBack",
  "RoleCrashed",
  "MasterStateLost",
  "MasterStateUnproven"
])

/** The `_tag` of what was thrown, where it has one. */
export const tagOf = (failure: unknown): string | undefined =>
  typeof failure === "object" && failure !== null && "_tag" in failure ? String(failure._tag) : undefined

/** A node may stop for what happened to it, and say so; anything else that ends it is a bug. */
export const judgeEnd = (failure: unknown, expectsDamage: boolean): string | undefined => {
  const tag = tagOf(failure)
  if (tag !== undefined && harmless.has(tag)) return undefined
  if (tag !== undefined && damaged.has(tag) && expectsDamage) return undefined
  return stackOf(failure)
}
