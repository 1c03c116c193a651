/**
 * A replica's applied state: the machine, its sessions, and how chosen entries change them, in slot order.
 */
import { noSlot, type Slot, slotPlus } from "../ids.ts"
import { invariant } from "../invariant.ts"
import { type EntryView, forEachEntry } from "../log/entry.ts"
import { type Run, runLast } from "../log/run.ts"
import type { CommandResult, SessionOpened } from "../messages.ts"
import { type AnyMachine, misfit } from "./machine.ts"
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

/** Changed in place by `applyRun` and `replaceReplica` alone. */
export interface ReplicaState {
  machine: unknown
  sessions: Sessions
  applied: Slot
  atMs: number
}

export const emptyReplica = (machine: AnyMachine): ReplicaState => ({
  machine: machine.initial(),
  sessions: noSessions(),
  applied: noSlot,
  atMs: 0
})

/** Makes a replica what another one is: that of a snapshot, further on in the same log. */
export const replaceReplica = (replica: ReplicaState, by: ReplicaState): void => {
  invariant(by.applied > replica.applied, "a snapshot never takes a replica back")
  replica.machine = by.machine
  replica.sessions = by.sessions
  replica.applied = by.applied
  replica.atMs = by.atMs
}

/** Where the results go; a replica that answers nobody passes none. */
export interface Answers {
  readonly result: (result: CommandResult) => void
  readonly opened: (opened: SessionOpened) => void
}

/**
 * Reads a machine's command from its bytes; undefined where they are none. Must decide alike on every
 * replica.
 */
export type DecodeCommand = (bytes: Uint8Array) => unknown

/** What applying the entries of one run has in common. */
interface Applying {
  readonly replica: ReplicaState
  readonly machine: AnyMachine
  readonly decode: DecodeCommand
  readonly atMs: number
  readonly answers: Answers | undefined
}

/**
 * Applies the chosen entries of a run, which must be the next ones in the log. Every replica that applied the
 * same slots holds the same state, the dedupe table included (a table outside it would forget at the first
 * restart).
 */
export const applyRun = (
  replica: ReplicaState,
  machine: AnyMachine,
  decode: DecodeCommand,
  run: Run,
  answers: Answers | undefined
): void => {
  invariant(run.first === replica.applied + 1, "entries are applied in slot order, without a gap")
  const applying: Applying = { replica, machine, decode, atMs: run.atMs, answers }
  forEachEntry(run, (entry, index) => applyEntry(applying, entry, slotPlus(run.first, index)))
  replica.applied = runLast(run)
  replica.atMs = run.atMs
  sweepSessions(replica.sessions, run.atMs)
}

const applyEntry = (applying: Applying, entry: EntryView, slot: Slot): void => {
  const { replica, atMs, answers } = applying
  const { sessions } = replica
  switch (entry.kind) {
    case "command":
      return applyCommand(applying, entry, slot)
    case "open": {
      const session = openSession(sessions, entry.client, slot, atMs)
      return answers?.opened({ client: entry.client, session })
    }
    case "keepAlive":
      touchSession(sessions, entry.session, atMs)
      return
    case "close":
      return closeSession(sessions, entry.session)
    case "started":
      sessions.ttlMs = entry.sessionTtlMs
      return extendSessions(sessions, atMs - replica.atMs)
    case "unknown":
      return
  }
}

const applyCommand = (applying: Applying, entry: EntryView, slot: Slot): void => {
  const { replica, atMs, answers } = applying
  const { sessions } = replica
  const { session, number } = entry
  const answer = (recorded: RecordedReply) => answers?.result({ session, number, ...recorded })
  if (!touchSession(sessions, session, atMs)) {
    answer({ slot, outcome: "session-expired", reply: null })
    return
  }
  const admission = admitCommand(sessions, session, number, entry.received)
  if (admission === "already-received") return
  if (admission === "window-exceeded") {
    answer({ slot, outcome: "window-exceeded", reply: null })
    return
  }
  if (admission !== "run") {
    answer(admission)
    return
  }
  const recorded = runCommand(applying, entry, slot)
  recordReply(sessions, session, number, recorded)
  answer(recorded)
}

const runCommand = (
  { replica, machine, decode, atMs }: Applying,
  entry: EntryView,
  slot: Slot
): RecordedReply => {
  const command = decode(entry.command)
  if (command === misfit) return { slot, outcome: "bad-command", reply: null }
  const [next, reply] = machine.apply(replica.machine, command, { slot, atMs, session: entry.session })
  replica.machine = next
  return { slot, outcome: "done", reply }
}
