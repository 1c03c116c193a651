/** A replica's applied state: the machine, its sessions, and how chosen entries change them, in slot order. */
import { type EntryView, forEachEntry } from "./entry.ts"
import { noSlot, type Slot, slotPlus } from "./ids.ts"
import { invariant } from "./invariant.ts"
import type { AnyMachine } from "./machine.ts"
import type { CommandResult, SessionOpened } from "./messages.ts"
import { type Run, runLast } from "./run.ts"
import {
  admitCommand,
  closeSession,
  extendSessions,
  noSessions,
  openSession,
  type RecordedReply,
  recordReply,
  type Sessions,
  sweepSessions,
  touchSession
} from "./session.ts"

/** Changed in place by `applyRun` alone. */
export interface ReplicaState {
  machine: unknown
  readonly sessions: Sessions
  applied: Slot
  atMs: number
}

export const emptyReplica = (machine: AnyMachine, sessionTtlMs?: number): ReplicaState => ({
  machine: machine.initial(),
  sessions: noSessions(sessionTtlMs),
  applied: noSlot,
  atMs: 0
})

/** Where the results go; a replica that answers nobody passes none. */
export interface Answers {
  readonly result: (result: CommandResult) => void
  readonly opened: (opened: SessionOpened) => void
}

/** Reads a machine's command from its bytes; undefined where they are none. Must decide alike on every replica. */
export type DecodeCommand = (bytes: Uint8Array) => unknown

/**
 * Applies the chosen entries of a run, which must be the next ones in the log. Every replica that applied the same slots holds
 * the same state, the dedupe table included (a table outside it would forget at the first restart).
 */
export const applyRun = (
  replica: ReplicaState,
  machine: AnyMachine,
  decode: DecodeCommand,
  run: Run,
  answers: Answers | undefined
): void => {
  invariant(run.first === replica.applied + 1, "entries are applied in slot order, without a gap")
  forEachEntry(run, (entry, index) => {
    applyEntry(replica, machine, decode, entry, slotPlus(run.first, index), run.atMs, answers)
  })
  replica.applied = runLast(run)
  replica.atMs = run.atMs
  sweepSessions(replica.sessions, run.atMs)
}

const applyEntry = (
  replica: ReplicaState,
  machine: AnyMachine,
  decode: DecodeCommand,
  entry: EntryView,
  slot: Slot,
  atMs: number,
  answers: Answers | undefined
): void => {
  const { sessions } = replica
  switch (entry.kind) {
    case "command":
      applyCommand(replica, machine, decode, entry, slot, atMs, answers)
      return
    case "open": {
      const session = openSession(sessions, entry.client, slot, atMs)
      answers?.opened({ client: entry.client, session })
      return
    }
    case "keepAlive":
      touchSession(sessions, entry.session, atMs)
      return
    case "close":
      closeSession(sessions, entry.session)
      return
    case "started":
      extendSessions(sessions, atMs - replica.atMs)
      return
    case "unknown":
      return
  }
}

const applyCommand = (
  replica: ReplicaState,
  machine: AnyMachine,
  decode: DecodeCommand,
  entry: EntryView,
  slot: Slot,
  atMs: number,
  answers: Answers | undefined
): void => {
  const { sessions } = replica
  const { session, number } = entry
  const answer = (at: Slot, outcome: CommandResult["outcome"], reply: unknown) =>
    answers?.result({ session, number, slot: at, outcome, reply })
  if (!touchSession(sessions, session, atMs)) {
    answer(slot, "session-expired", null)
    return
  }
  const admission = admitCommand(sessions, session, number, entry.received)
  if (admission === "already-received") return
  if (admission === "window-exceeded") {
    answer(slot, "window-exceeded", null)
    return
  }
  const recorded =
    admission === "run" ? run(replica, machine, decode(entry.command), slot, atMs, entry) : admission
  if (admission === "run") recordReply(sessions, session, number, recorded)
  answer(recorded.slot, recorded.outcome, recorded.reply)
}

const run = (
  replica: ReplicaState,
  machine: AnyMachine,
  command: unknown,
  slot: Slot,
  atMs: number,
  entry: EntryView
): RecordedReply => {
  if (command === undefined) return { slot, outcome: "bad-command", reply: null }
  const [next, reply] = machine.apply(replica.machine, command, { slot, atMs, session: entry.session })
  replica.machine = next
  return { slot, outcome: "done", reply }
}
