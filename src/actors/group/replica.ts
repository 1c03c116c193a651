/**
 * The applied state of a group on one node: restored from a snapshot, moved on by its learner, frozen in new
 * ones.
 */
import { Effect } from "effect"
import { type GroupId, type NodeId, slotPlus } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import type { Base } from "../../protocol/log/view.ts"
import { hint } from "../../runtime/buggify.ts"
import { type LearnerOptions, spawnLearner } from "../learner.ts"
import type { GroupLog } from "../log/group-log.ts"
import type { NodeContext } from "../node/context.ts"
import type { RoleCrashed } from "../node/end-node.ts"
import { makeSnapshots } from "../snapshots/snapshots.ts"
import { restoreReplica, type SnapshotStore } from "../snapshots/store.ts"
import { pullSnapshot } from "../snapshots/transfer.ts"

export interface ReplicaOptions extends Pick<LearnerOptions, "leads" | "askByRound"> {
  /** Of the learner. */
  readonly name: string
  readonly group: GroupId
  readonly machine: AnyMachine
  readonly log: GroupLog
  readonly context: NodeContext
  readonly store: SnapshotStore
  readonly snapshotBytes: number
  /** Frees what of the node's log is needed no more. */
  readonly compact: Effect.Effect<void>
  readonly onFailure: (failure: RoleCrashed) => void
}

/**
 * Spawns the learner over what the disk holds. Fails with `StorageCorrupted` or `SnapshotRefused` where no
 * snapshot can be used and the log does not reach back, and with `DiskFailed`.
 */
export const spawnReplica = Effect.fnUntraced(function* (options: ReplicaOptions) {
  const { name, group, machine, log, context, store, compact, onFailure } = options
  const replica = yield* restoreReplica(store, log)
  const everyBytes = options.snapshotBytes
  const writer = `${context.self.node}/${group}/snapshots`
  const snapshots = yield* makeSnapshots({ name: writer, log, store, everyBytes, compact, onFailure })
  const read: GroupLog["read"] = (from, through, maxBytes) => log.read(from, through, maxBytes)
  const { consider } = snapshots
  const { leads, askByRound } = options
  const common = { name, group, machine, context, leads, askByRound }
  const { actor, learn } = yield* spawnLearner({ ...common, replica, read, consider })
  /** Has a snapshot made soon and the whole log behind it cut off: other groups need the room. */
  const demandSnapshot = () => {
    snapshots.demand()
    learn({ _tag: "Consider" })
  }
  /**
   * Pulls a snapshot from a node and puts it in the place of what was applied; `intoLog` begins the log
   * behind it. False where nothing came of it.
   */
  const install = Effect.fnUntraced(
    function* (node: NodeId, intoLog: (base: Base) => boolean) {
      const pulled = yield* pullSnapshot({ context, group, store }, node, slotPlus(replica.applied, 1))
      if (pulled === undefined) return false
      const { stored } = pulled
      const isInstalled = yield* Effect.callback<boolean>((resume) => {
        const done = (result: boolean) => resume(Effect.succeed(result))
        const { slot, ballot, atMs } = stored.head
        const begin = () => intoLog({ slot, ballot, atMs })
        // Without room for this it would never be done, and whoever waits for it would never ask again.
        if (!learn({ _tag: "Install", by: pulled.replica, install: begin, done })) done(false)
      })
      hint("a snapshot from elsewhere is under the log")
      if (isInstalled) yield* snapshots.installed
      // Whoever has come as far by itself may have made its own snapshot at this very slot, and need it.
      else if (stored.head.slot > replica.applied) yield* store.remove(stored)
      return isInstalled
    },
    Effect.catch((failure) => Effect.as(Effect.logWarning(failure.message), false))
  )
  // What was known to be chosen before the restart can be applied before anybody leads.
  if (log.chosen > 0) learn({ _tag: "Apply", through: log.chosen, answer: false })
  return { replica, actor, learn, demandSnapshot, snapshots, install }
})
