/** What is foretold of a command is what becomes of it, for random commands that are lost and sent again. */
import { describe, expect, it } from "vitest"
import { type KvCommand, kvMachine } from "../../machines/kv.ts"
import { pack, unpack } from "../../runtime/codec.ts"
import { generator } from "../../sim/search/generator.ts"
import { Ballot, ClientId, RequestNumber, SessionId, Slot, slotPlus } from "../ids.ts"
import { commandOverheadBytes, keepAliveEntry, openEntry, startedEntry, writeCommand } from "../log/entry.ts"
import type { Run } from "../log/run.ts"
import type { CommandResult } from "../messages.ts"
import type { AnyMachine } from "./machine.ts"
import { previewRun } from "./preview.ts"
import { applyRun, emptyReplica, type ReplicaState } from "./replica.ts"

const machine = kvMachine as unknown as AnyMachine
const decode = (bytes: Uint8Array): unknown => machine.forms.command.decode(unpack(bytes))

const commandEntry = (session: number, number: number, received: number, command: unknown): Uint8Array => {
  const packed = pack(command)
  const bytes = new Uint8Array(commandOverheadBytes + packed.length)
  writeCommand(bytes, 0, SessionId(session), RequestNumber(number), received, packed)
  return bytes
}

const put = kvMachine.forms.command.encode({ _tag: "Put", key: "k", value: "v" })

/** A replica with two sessions, 1 and 2, that live for 100 ms without a sign. */
const replicaWithSessions = (): ReplicaState => {
  const replica = emptyReplica(machine)
  step(replica, 0, openEntry(ClientId("one")))
  step(replica, 0, openEntry(ClientId("two")))
  step(replica, 0, startedEntry(100))
  return replica
}

/** What was foretold of the next entry, and what came of it. */
const step = (replica: ReplicaState, atMs: number, entry: Uint8Array) => {
  const run: Run = { ballot: Ballot(1), first: slotPlus(replica.applied, 1), count: 1, atMs, bytes: entry }
  const before = machine.forms.state.encode(replica.machine)
  const foretold = previewRun(replica, machine, decode, run)?.result
  expect(machine.forms.state.encode(replica.machine)).toEqual(before)
  let result: CommandResult | undefined
  const answers = { result: (one: CommandResult) => (result = one), opened: () => undefined }
  applyRun(replica, machine, decode, run, answers)
  return { foretold, result }
}

describe("what is foretold", () => {
  it("is the result, for every fresh command of a living session", () => {
    let foretellings = 0
    for (let seed = 1; seed <= 200; seed++) {
      const random = generator(seed)
      const below = (limit: number) => Math.floor(random() * limit)
      const replica = replicaWithSessions()
      for (let turn = 0, atMs = 0; turn < 60; turn++) {
        atMs += below(12) === 0 ? below(120) : 1
        const key = `k${below(3)}`
        const commands: ReadonlyArray<KvCommand> = [
          { _tag: "Put", key, value: "v" },
          { _tag: "Delete", key },
          { _tag: "CompareAndSet", key, value: "w", revision: below(20) }
        ]
        const command = kvMachine.forms.command.encode(commands[below(3)]!)
        const number = 1 + below(20)
        const entry = commandEntry(
          1 + below(3),
          number,
          below(3) === 0 ? below(number) : 0,
          below(10) === 0 ? ["?"] : command
        )
        const { foretold, result } = step(replica, atMs, entry)
        if (foretold === undefined) continue
        foretellings++
        expect(foretold).toEqual(result)
      }
    }
    expect(foretellings).toBeGreaterThan(1000)
  })

  it("is nothing for a command that has run, whose reply was received, or whose session is gone", () => {
    const replica = replicaWithSessions()
    expect(step(replica, 1, commandEntry(1, 2, 0, put)).foretold).toMatchObject({ slot: Slot(4) })
    expect(step(replica, 2, commandEntry(1, 2, 0, put)).foretold).toBeUndefined()
    expect(step(replica, 3, commandEntry(1, 3, 3, put)).foretold).toBeUndefined()
    expect(step(replica, 3, commandEntry(9, 1, 0, put)).foretold).toBeUndefined()
    expect(step(replica, 103, commandEntry(1, 4, 0, put)).foretold).toBeDefined()
    expect(step(replica, 204, commandEntry(1, 5, 0, put)).foretold).toBeUndefined()
  })

  it("is nothing for what is no command, or none that the machine can read or tell", () => {
    const replica = replicaWithSessions()
    expect(step(replica, 1, keepAliveEntry(SessionId(1))).foretold).toBeUndefined()
    expect(step(replica, 1, commandEntry(1, 1, 0, ["?"])).foretold).toBeUndefined()
    const run: Run = {
      ballot: Ballot(1),
      first: slotPlus(replica.applied, 1),
      count: 1,
      atMs: 2,
      bytes: commandEntry(1, 2, 0, put)
    }
    const { preview: _, ...mute } = machine
    expect(previewRun(replica, machine, decode, run)).toBeDefined()
    expect(previewRun(replica, mute, decode, run)).toBeUndefined()
  })
})
