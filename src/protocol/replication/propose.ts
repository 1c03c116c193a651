/**
 * One proposal: a batch of commands bound to consecutive slots in the leader's ballot, sent to all acceptors
 * at once.
 */
import { type ClientId, type NodeId, sameReplica, slotPlus } from "../ids.ts"
import { timed } from "../leader/log-time.ts"
import type { Serving } from "../leader/state.ts"
import { startsWithCommand } from "../log/entry.ts"
import { joinBytes, type Run, runLast } from "../log/run.ts"
import type { LogView } from "../log/view.ts"
import type { Accept } from "../messages.ts"
import type { Output, Step } from "../step.ts"
import { nextRound, withProgress } from "./progress.ts"
import { fillBatch, type Pending } from "./window.ts"

/**
 * Whom acceptors are to tell beside the leader: a client whose single command is all that is under way. Then
 * nothing else is waited for, and the hop by the leader is what can be saved.
 */
const toldOf = (
  { settings, window, chosen, last, pending, configuration, progress }: Serving,
  taken: ReadonlyArray<Pending>
): ClientId | undefined => {
  const [one] = taken
  if (!settings.foretells || one === undefined || pending.length > 1 || one.count > 1) return undefined
  if (window.length > 0 || chosen < last || configuration.acceptors.length === 1) return undefined
  for (const of of progress.values()) if (of.behind) return undefined
  return startsWithCommand(one.bytes) ? one.client : undefined
}

/** Binds the oldest pending submissions. Acceptors that are behind get them later, in chunks. */
export const propose = (state: Serving, log: LogView, wallMs: number, nowMs: number): Step<Serving> => {
  const before = timed(state, wallMs, nowMs)
  const taken = fillBatch(before.pending, before.settings.batchMaxBytes)
  const sizeBytes = taken.reduce((size, one) => size + one.bytes.length, 0)
  const { configuration, chosen, last: prevSlot, atMs } = before
  const run: Run = {
    ballot: configuration.ballot,
    first: slotPlus(prevSlot, 1),
    count: taken.reduce((count, one) => count + one.count, 0),
    atMs,
    bytes: joinBytes(
      taken.map((one) => one.bytes),
      sizeBytes
    )
  }
  const last = runLast(run)
  const { round } = nextRound(before)
  const prevSlotBallot = prevSlot > before.boundThrough ? configuration.ballot : log.ballotAt(prevSlot)!
  const message: Accept = {
    _tag: "Accept",
    configuration,
    prevSlot,
    prevSlotBallot,
    runs: [run],
    chosen,
    round,
    leaseMs: before.leaseMs,
    tells: toldOf(before, taken)
  }
  const to: Array<NodeId> = []
  let progress = before.progress
  for (const acceptor of configuration.acceptors) {
    // Its own acceptor always gets it: what the others lack is read from there, and is nowhere else.
    if (progress.get(acceptor.node)!.behind && !sameReplica(acceptor, before.self)) continue
    to.push(acceptor.node)
    progress = withProgress(progress, acceptor.node, { next: slotPlus(last, 1) })
  }
  const submissions = taken.map(({ client, submission }) => ({ client, submission }))
  const outputs: ReadonlyArray<Output> = to.length === 0 ? [] : [{ _tag: "Send", to, message }]
  return {
    state: {
      ...before,
      last,
      round,
      told: message.tells === undefined ? before.told : last,
      progress,
      pending: before.pending.slice(taken.length),
      pendingBytes: before.pendingBytes - sizeBytes,
      window: [...before.window, { last, submissions }]
    },
    outputs
  }
}
