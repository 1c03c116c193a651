/**
 * A snapshot holds all that a replica is, at one instant, and gives it back to nobody but its own machine.
 */
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { kvMachine } from "../../machines/kv.ts"
import { pack, unpack } from "../../runtime/codec.ts"
import { Ballot, ClientId, RequestNumber, SessionId, Slot } from "../ids.ts"
import { commandOverheadBytes, openEntry, startedEntry, writeCommand } from "../log/entry.ts"
import type { CommandResult } from "../messages.ts"
import { type AnyMachine, defineMachine } from "./machine.ts"
import { type Answers, applyRun, emptyReplica, type ReplicaState, replaceReplica } from "./replica.ts"
import { openSession, recordReply } from "./session.ts"
import { freezeReplica, RestoredReplica } from "./snapshot.ts"

const kv = kvMachine as unknown as AnyMachine
const decode = (bytes: Uint8Array) => kv.forms.command.decode(unpack(bytes))

const applyOne = (replica: ReplicaState, bytes: Uint8Array, answers?: Answers): void =>
  applyRun(
    replica,
    kv,
    decode,
    {
      ballot: Ballot(1),
      first: Slot(replica.applied + 1),
      count: 1,
      atMs: 10 * (replica.applied + 1),
      bytes
    },
    answers
  )

const put = (session: number, number: number, key: string, value: string, received = 0): Uint8Array => {
  const command = pack(["p", key, value])
  const bytes = new Uint8Array(commandOverheadBytes + command.length)
  writeCommand(bytes, 0, SessionId(session), RequestNumber(number), received, command)
  return bytes
}

/** Slots 1 to 3: a ballot began, and two sessions were opened; then `count` keys. */
const replicaWith = (count: number): ReplicaState => {
  const replica = emptyReplica(kv)
  applyOne(replica, startedEntry(5000))
  applyOne(replica, openEntry(ClientId("one")))
  applyOne(replica, openEntry(ClientId("two")))
  for (let index = 1; index <= count; index++) applyOne(replica, put(2, index, `key ${index}`, "v"))
  return replica
}

const restored = (replica: ReplicaState, machine = kv): ReplicaState => {
  const { parts } = freezeReplica("main", kv, replica, Ballot(1))
  const building = new RestoredReplica(machine)
  for (const part of parts) expect(building.add(unpack(pack(part)))).toBeUndefined()
  return building.replica!
}

const contentOf = (replica: ReplicaState) => ({
  state: kv.forms.state.encode(replica.machine),
  sessions: [...replica.sessions.byId],
  clients: [...replica.sessions.byClient],
  times: [replica.sessions.ttlMs, replica.sessions.sweptMs, replica.atMs, replica.applied]
})

describe("a snapshot", () => {
  it("gives back the state, the sessions with their replies, and the time of the log", () => {
    const replica = replicaWith(1500)
    expect(contentOf(restored(replica))).toEqual(contentOf(replica))
  })

  it("keeps a command from running twice that was applied before it", () => {
    const replica = restored(replicaWith(3))
    const results: Array<CommandResult> = []
    const answers = { result: (result: CommandResult) => void results.push(result), opened: () => {} }
    applyOne(replica, put(2, 2, "key 2", "sent again"), answers)
    expect(results).toMatchObject([{ number: 2, slot: 5, outcome: "done" }])
    expect(kv.answer(replica.machine, { _tag: "Get", key: "key 2" })).toMatchObject({
      entries: [{ value: "v", revision: 5 }]
    })
  })

  it("keeps a late copy from running again whose reply its client has had", () => {
    const replica = replicaWith(3)
    applyOne(replica, put(2, 4, "key 4", "v", 3))
    const copy = put(2, 2, "key 2", "sent again")
    const again = restored(replica)
    expect(contentOf(again)).toEqual(contentOf(replica))
    for (const one of [replica, again]) {
      const results: Array<CommandResult> = []
      applyOne(one, copy, { result: (result) => void results.push(result), opened: () => {} })
      expect(results).toEqual([])
      expect(kv.answer(one.machine, { _tag: "Get", key: "key 2" })).toMatchObject({
        entries: [{ value: "v" }]
      })
    }
  })

  it("shows nothing of what is applied while it is taken", () => {
    const replica = replicaWith(1500)
    const before = contentOf(replicaWith(1500))
    const parts = freezeReplica("main", kv, replica, Ballot(1)).parts[Symbol.iterator]()
    const building = new RestoredReplica(kv)
    for (let number = 1501, part = parts.next(); !part.done; number++, part = parts.next()) {
      applyOne(replica, put(2, number, `key ${(number * 7) % 1500}`, "changed", number - 1000))
      applyOne(replica, put(3, number - 1500, `more ${number}`, "added"))
      building.add(unpack(pack(part.value)))
    }
    expect(contentOf(building.replica!)).toEqual(before)
  })

  it("is of parts of a good size, whatever the state", () => {
    const sizes = [...freezeReplica("main", kv, replicaWith(1500), Ballot(1)).parts].map(
      (part) => pack(part).length
    )
    expect(Math.max(...sizes.slice(3))).toBeLessThan(32 * 1024)
  })

  it("of a machine without parts is its state as a whole", () => {
    const { parts: _, ...plain } = kv
    const replica = replicaWith(10)
    const { parts } = freezeReplica("main", plain as AnyMachine, replica, Ballot(1))
    const building = new RestoredReplica(plain as AnyMachine)
    for (const part of parts) building.add(unpack(pack(part)))
    expect(contentOf(building.replica!)).toEqual(contentOf(replica))
  })

  it("keeps replies and states that are undefined", () => {
    const [command, question, answer] = [Schema.Null, Schema.Null, Schema.Null]
    const machine = defineMachine({
      ...{ name: "silent", state: Schema.UndefinedOr(Schema.Number), command, reply: Schema.Void, question },
      ...{ answer, initial: () => undefined, apply: () => [undefined, undefined] as const, ask: () => null }
    }) as unknown as AnyMachine
    const replica = emptyReplica(machine)
    const recorded = { slot: Slot(3), outcome: "done", reply: undefined } as const
    openSession(replica.sessions, ClientId("one"), Slot(2), 0)
    recordReply(replica.sessions, SessionId(2), RequestNumber(1), recorded)
    const building = new RestoredReplica(machine)
    for (const part of freezeReplica("main", machine, replica, Ballot(1)).parts)
      expect(building.add(unpack(pack(part)))).toBeUndefined()
    expect(building.replica?.sessions.byId).toEqual(replica.sessions.byId)
  })

  it("is taken neither in part nor out of order, nor with a part that is none", () => {
    const parts = [...freezeReplica("main", kv, replicaWith(1500), Ballot(1)).parts]
    const problem = (list: ReadonlyArray<unknown>): string | undefined => {
      const building = new RestoredReplica(kv)
      for (const part of list) {
        const wrong = building.add(part)
        if (wrong !== undefined) return wrong
      }
      return building.replica === undefined ? "not whole" : undefined
    }
    expect(problem(parts)).toBeUndefined()
    expect(problem(parts.slice(0, -1))).toBe("not whole")
    expect(problem([...parts.slice(0, 3), ...parts.slice(4)])).toMatch(/ends before all/)
    expect(problem(parts.slice(1))).toMatch(/does not begin/)
    expect(problem([...parts, ["state", []]])).toMatch(/behind its end/)
    expect(problem([parts[0], ["state", [["a"]]]])).toMatch(/part of the state/)
    expect(problem([parts[0], ["session", 1, 2]])).toMatch(/session/)
    expect(problem([parts[0], ["else"]])).toMatch(/no known kind/)
    expect(problem([parts[0], 7])).toMatch(/no list/)
  })
})

describe("a replica", () => {
  it("becomes what a snapshot says, and never goes back to an older one", () => {
    const replica = replicaWith(1)
    replaceReplica(replica, restored(replicaWith(4)))
    expect(contentOf(replica)).toEqual(contentOf(replicaWith(4)))
    expect(() => replaceReplica(replica, restored(replicaWith(2)))).toThrow(/never takes a replica back/)
  })
})

describe("a machine of a user", () => {
  it("goes into a snapshot by its schema", async () => {
    const Schema = await import("effect/Schema")
    const counter = defineMachine({
      name: "counter",
      state: Schema.Number,
      command: Schema.Number,
      reply: Schema.Number,
      question: Schema.Null,
      answer: Schema.Number,
      initial: () => 0,
      apply: (state, add) => [state + add, state + add],
      ask: (state) => state
    }) as unknown as AnyMachine
    const replica = { ...emptyReplica(counter), machine: 41, applied: Slot(3) }
    const building = new RestoredReplica(counter)
    for (const part of freezeReplica("main", counter, replica, Ballot(1)).parts) building.add(part)
    expect(building.replica).toMatchObject({ machine: 41, applied: 3 })
  })
})
