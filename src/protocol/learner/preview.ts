/** What a command will come to once it is chosen, from a state that has applied all before it. */
import { invariant } from "../invariant.ts"
import { type EntryView, forEachEntry } from "../log/entry.ts"
import type { Run } from "../log/run.ts"
import type { CommandResult } from "../messages.ts"
import { type AnyMachine, misfit } from "./machine.ts"
import type { DecodeCommand, ReplicaState } from "./replica.ts"
import { wouldRun } from "./session.ts"

/** What a command will come to, and through where its client has shown by it to have the results. */
export interface Foreseen {
  readonly result: CommandResult
  readonly received: number
}

/**
 * The result of a run of one command, which must be the next one, as `applyRun` would give it; undefined
 * where the machine cannot tell, and for all that is no fresh command of a living session. Changes nothing.
 */
export const previewRun = (
  replica: ReplicaState,
  machine: AnyMachine,
  decode: DecodeCommand,
  run: Run
): Foreseen | undefined => {
  invariant(run.first === replica.applied + 1, "a result is foretold from the state before it")
  if (run.count !== 1) return undefined
  let foreseen: Foreseen | undefined
  forEachEntry(run, (entry) => {
    foreseen = previewEntry(replica, machine, decode, entry, run)
  })
  return foreseen
}

const previewEntry = (
  { machine: state, sessions }: ReplicaState,
  machine: AnyMachine,
  decode: DecodeCommand,
  entry: EntryView,
  { first: slot, atMs }: Run
): Foreseen | undefined => {
  const { session, number, received } = entry
  if (entry.kind !== "command" || !wouldRun(sessions, session, number, received, atMs)) return undefined
  const command = decode(entry.command)
  const reply = command === misfit ? undefined : machine.preview?.(state, command, { slot, atMs, session })
  if (reply === undefined) return undefined
  return { result: { session, number, slot, outcome: "done", reply }, received }
}
