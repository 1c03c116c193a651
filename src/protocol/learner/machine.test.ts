/** A machine defined by schemas reads what is of their shape and refuses the rest, without an error. */
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { SessionId, Slot } from "../ids.ts"
import { defineMachine, formOf, type MachineDefinition, misfit } from "./machine.ts"

const definition = {
  name: "counter",
  state: Schema.Number,
  command: Schema.Struct({ add: Schema.Number }),
  reply: Schema.Number,
  question: Schema.Null,
  answer: Schema.Number,
  initial: () => 0,
  apply: (state, { add }) => [state + add, state + add],
  preview: (state, { add }) => state + add,
  ask: (state) => state
} satisfies MachineDefinition<number, { readonly add: number }, number, null, number>
const counter = defineMachine(definition)

describe("a defined machine", () => {
  it("applies and answers, at version 1 unless it says otherwise", () => {
    const at = { slot: Slot(1), atMs: 0, session: SessionId(1) }
    const [state, reply] = counter.apply(counter.initial(), { add: 2 }, at)
    expect([state, reply, counter.answer(state, null), counter.version]).toEqual([2, 2, 2, 1])
  })

  it("tells a reply in advance where it was given a way to, and only then", () => {
    const at = { slot: Slot(1), atMs: 0, session: SessionId(1) }
    expect(counter.preview?.(1, { add: 2 }, at)).toBe(3)
    const { preview, ...rest } = definition
    expect("preview" in defineMachine(rest)).toBe(false)
  })

  it("reads its commands back, and nothing else", () => {
    const { encode, decode } = counter.forms.command
    expect(decode(encode({ add: 3 }))).toEqual({ add: 3 })
    for (const other of [{ add: "3" }, {}, null, 3, undefined, [3]]) expect(decode(other)).toBe(misfit)
  })
})

describe("a form of a schema", () => {
  it("is plain: what it encodes survives a text of JSON", () => {
    const form = formOf(Schema.Struct({ at: Schema.Number, names: Schema.Array(Schema.String) }))
    const value = { at: 1.5, names: ["a", "b"] }
    expect(form.decode(JSON.parse(JSON.stringify(form.encode(value))))).toEqual(value)
  })

  it("reads back a value that is undefined, and tells it from what does not fit", () => {
    for (const schema of [Schema.Void, Schema.Undefined, Schema.UndefinedOr(Schema.String)]) {
      const form = formOf<unknown, unknown>(schema)
      expect(form.decode(JSON.parse(JSON.stringify(form.encode(undefined))))).toBeUndefined()
      expect(form.decode([1])).toBe(misfit)
    }
  })
})
