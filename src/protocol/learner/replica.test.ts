/** Replicas that apply the same log are equal, and every command takes effect once. */
import { describe, expect, it } from "vitest"
import { Ballot, ClientId, RequestNumber, SessionId, Slot } from "../ids.ts"
import {
  closeEntry,
  commandOverheadBytes,
  keepAliveEntry,
  openEntry,
  startedEntry,
  writeCommand
} from "../log/entry.ts"
import { joinBytes, type Run, runLast, sliceRun } from "../log/run.ts"
import type { CommandResult } from "../messages.ts"
import { type AnyMachine, type Machine, misfit } from "./machine.ts"
import { applyRun, emptyReplica, type ReplicaState } from "./replica.ts"

const plain = { encode: (value: unknown) => value, decode: (value: unknown) => value as never }

/** Adds numbers up, and remembers where each came from. */
const adder: Machine<ReadonlyArray<number>, number, number, null, number> = {
  name: "adder",
  version: 1,
  initial: () => [],
  apply: (state, command, { slot }) => [[...state, command, slot], state.length / 2 + 1],
  answer: (state) => state.length,
  forms: { state: plain, command: plain, reply: plain, question: plain, answer: plain }
}

const machine = adder as unknown as AnyMachine

/** A command is one byte; 255 is none. */
const decode = (bytes: Uint8Array): unknown => (bytes[0] === 255 ? misfit : bytes[0])

const session = SessionId(1)

const command = (number: number, value: number, received = 0, of = session): Uint8Array => {
  const bytes = new Uint8Array(commandOverheadBytes + 1)
  writeCommand(bytes, 0, of, RequestNumber(number), received, Uint8Array.of(value))
  return bytes
}

const runOf = (first: number, atMs: number, ...entries: ReadonlyArray<Uint8Array>): Run => ({
  ballot: Ballot(1),
  first: Slot(first),
  count: entries.length,
  atMs,
  bytes: joinBytes(
    entries,
    entries.reduce((sum, entry) => sum + entry.length, 0)
  )
})

const applied = (...runs: ReadonlyArray<Run>) => {
  const replica = emptyReplica(machine)
  replica.sessions.ttlMs = 100
  const results: Array<CommandResult> = []
  const answers = { result: (result: CommandResult) => results.push(result), opened: () => undefined }
  for (const run of runs) applyRun(replica, machine, decode, run, answers)
  return { replica, results }
}

const open = openEntry(ClientId("c"))

describe("a replica", () => {
  it("runs a command once, and answers a repetition with the first reply and its slot", () => {
    const { replica, results } = applied(
      runOf(1, 0, open, command(1, 7), command(1, 7)),
      runOf(4, 0, command(1, 7))
    )
    expect(replica.machine).toEqual([7, 2])
    expect(results).toEqual(Array(3).fill({ session, number: 1, slot: 2, outcome: "done", reply: 1 }))
  })

  it("does not answer what the client has", () => {
    const { replica, results } = applied(runOf(1, 0, open, command(1, 7), command(2, 8, 1), command(1, 7)))
    expect(replica.machine).toEqual([7, 2, 8, 3])
    expect(results.map(({ number }) => number)).toEqual([1, 2])
  })

  it("refuses the commands of a session that it does not know, that expired, or that was closed", () => {
    const unknown = applied(runOf(1, 0, command(1, 7)))
    const expired = applied(runOf(1, 0, open), runOf(2, 101, command(1, 7)))
    const closed = applied(runOf(1, 0, open, closeEntry(session), command(1, 7)))
    for (const { replica, results } of [unknown, expired, closed]) {
      expect(replica.machine).toEqual([])
      expect(results).toMatchObject([{ outcome: "session-expired", reply: null }])
    }
  })

  it("keeps a session alive by its own entries, and over the time in which there was no leader", () => {
    const alive = applied(
      runOf(1, 0, open),
      runOf(2, 90, keepAliveEntry(session)),
      runOf(3, 180, command(1, 7))
    )
    const leaderless = applied(runOf(1, 0, open), runOf(2, 5000, startedEntry(60_000), command(1, 7)))
    for (const { results } of [alive, leaderless]) expect(results).toMatchObject([{ outcome: "done" }])
  })

  it("does not bring a session back that has expired, by whatever its client says", () => {
    for (const entry of [keepAliveEntry(session), command(1, 5)]) {
      const begun = [runOf(1, 0, openEntry(ClientId("c")))]
      const { results } = applied(...begun, runOf(2, 101, entry), runOf(3, 102, command(2, 6)))
      expect(results.at(-1)).toMatchObject({ number: 2, outcome: "session-expired" })
    }
  })

  it("gives sessions back the time without a leader, and no other", () => {
    const begun = [runOf(1, 0, startedEntry(5000), open), runOf(3, 4000, keepAliveEntry(SessionId(2)))]
    const anew = runOf(4, 5000, startedEntry(5000))
    const late = (atMs: number) =>
      applied(...begun, anew, runOf(5, atMs, command(1, 7, 0, SessionId(2)))).results
    expect(late(10_000)).toMatchObject([{ outcome: "done" }])
    expect(late(10_001)).toMatchObject([{ outcome: "session-expired" }])
  })

  it("lets sessions live as long as the log says, not as this replica might be told", () => {
    const begun = runOf(1, 0, startedEntry(5000), open)
    const late = (atMs: number) => applied(begun, runOf(3, atMs, command(1, 7, 0, SessionId(2)))).results
    expect(late(5000)).toMatchObject([{ outcome: "done" }])
    expect(late(5001)).toMatchObject([{ outcome: "session-expired" }])
  })

  it("refuses what the machine cannot read, and remembers that it did", () => {
    const { replica, results } = applied(runOf(1, 0, open, command(1, 255), command(1, 255), command(2, 7)))
    expect(results.map(({ outcome }) => outcome)).toEqual(["bad-command", "bad-command", "done"])
    expect(replica.machine).toEqual([7, 4])
  })

  it("takes the slot of an entry that nobody understands and does nothing", () => {
    const strange = new Uint8Array([1, 0, 0, 0, 99])
    expect(applied(runOf(1, 0, open, strange, command(1, 7))).replica.machine).toEqual([7, 3])
  })

  it("refuses to skip a slot or to take one twice", () => {
    expect(() => applied(runOf(2, 0, open))).toThrow("in slot order")
    expect(() => applied(runOf(1, 0, open), runOf(1, 0, open))).toThrow("in slot order")
  })

  it("ends in the same state however the log is cut into runs", () => {
    const entries = [open, ...Array.from({ length: 30 }, (_, at) => command((at % 7) + 1, at, at % 3))]
    const whole = runOf(1, 50, ...entries)
    const once = applied(whole)
    for (const size of [1, 2, 3, 7, 30]) {
      const parts: Array<Run> = []
      for (let first = 1; first <= runLast(whole); first += size)
        parts.push(sliceRun(whole, Slot(first), Slot(first + size - 1))!)
      const cut = applied(...parts)
      expect(shown(cut.replica), `runs of ${size}`).toEqual(shown(once.replica))
      expect(cut.results).toEqual(once.results)
    }
  })
})

const shown = ({ machine: state, sessions, applied: through, atMs }: ReplicaState) => ({
  state,
  through,
  atMs,
  sessions: [...sessions.byId]
})
