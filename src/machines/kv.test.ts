/** The key-value machine: revisions are slots, lists are pages, and what is kept belongs to the machine. */
import { describe, expect, it } from "vitest"
import { SessionId, Slot } from "../protocol/ids.ts"
import { misfit } from "../protocol/learner/machine.ts"
import { type KvCommand, type KvReply, type KvState, type KvValue, kvMachine } from "./kv.ts"

const { forms } = kvMachine

const kv = () => {
  let state: KvState = kvMachine.initial()
  let slot = 0
  const run = (command: KvCommand): KvReply => {
    const [next, reply] = kvMachine.apply(state, command, {
      slot: Slot(++slot),
      atMs: 0,
      session: SessionId(1)
    })
    state = next
    return reply
  }
  return {
    state: () => state,
    put: (key: string, value: KvValue) => run({ _tag: "Put", key, value }),
    delete: (key: string) => run({ _tag: "Delete", key }),
    cas: (key: string, revision: number, value: KvValue) =>
      run({ _tag: "CompareAndSet", key, revision, value }),
    get: (key: string) => kvMachine.answer(state, { _tag: "Get", key }).entries[0],
    list: (prefix: string, limit: number, after?: string) =>
      kvMachine.answer(state, { _tag: "List", prefix, after, limit })
  }
}

describe("a key", () => {
  it("is put, read and deleted; its revision is the slot of its last write", () => {
    const one = kv()
    expect(one.put("a", "x")).toEqual({ changed: true, revision: 1 })
    expect(one.put("a", "y")).toEqual({ changed: true, revision: 2 })
    expect(one.get("a")).toEqual({ key: "a", value: "y", revision: 2 })
    expect(one.delete("a")).toEqual({ changed: true, revision: 0 })
    expect(one.delete("a")).toEqual({ changed: false, revision: 0 })
    expect(one.get("a")).toBeUndefined()
  })

  it("is compared and set by its revision, 0 meaning absent", () => {
    const one = kv()
    expect(one.cas("a", 5, "x")).toEqual({ changed: false, revision: 0 })
    expect(one.cas("a", 0, "x")).toEqual({ changed: true, revision: 2 })
    expect(one.cas("a", 0, "y")).toEqual({ changed: false, revision: 2 })
    expect(one.cas("a", 2, "y")).toEqual({ changed: true, revision: 4 })
    expect(one.get("a")).toMatchObject({ value: "y", revision: 4 })
  })

  it("keeps its own copy of bytes, of a buffer's view too", () => {
    const one = kv()
    const network = new Uint8Array([1, 2, 3, 4])
    one.put("a", network.subarray(1, 3))
    one.cas("b", 0, Buffer.from(network.buffer, 1, 2))
    network.fill(9)
    for (const key of ["a", "b"]) {
      const value = one.get(key)!.value as Uint8Array
      expect([...value]).toEqual([2, 3])
      expect(value.buffer.byteLength).toBe(2)
    }
  })
})

describe("a list", () => {
  it("has the keys of a prefix alone, in order, page after page", () => {
    const one = kv()
    for (const key of ["b/2", "a", "b/10", "b/1", "c", "b", "b/", "b0"]) one.put(key, key)
    expect(one.list("b/", 9).entries.map(({ key }) => key)).toEqual(["b/", "b/1", "b/10", "b/2"])
    const pages: Array<ReadonlyArray<string>> = []
    for (let after = "", more = true; more; ) {
      const page = one.list("b/", 2, after)
      pages.push(page.entries.map(({ key }) => key))
      after = page.entries[page.entries.length - 1]!.key
      more = page.more
    }
    expect(pages).toEqual([
      ["b/", "b/1"],
      ["b/10", "b/2"]
    ])
  })

  it("goes on behind a key that is gone, and ends behind the prefix", () => {
    const one = kv()
    for (const key of ["a/1", "a/2", "a/3", "b"]) one.put(key, key)
    one.delete("a/2")
    expect(one.list("a/", 9, "a/2")).toMatchObject({ entries: [{ key: "a/3" }], more: false })
    expect(one.list("a/", 9, "z")).toEqual({ entries: [], more: false })
    expect(one.list("", 9).entries.length).toBe(3)
  })

  it("has the empty key too, once, and goes on behind it", () => {
    const one = kv()
    for (const key of ["b", "", "a"]) one.put(key, key)
    expect(one.list("", 9).entries.map(({ key }) => key)).toEqual(["", "a", "b"])
    expect(one.list("", 1)).toMatchObject({ entries: [{ key: "" }], more: true })
    expect(one.list("", 1, "")).toMatchObject({ entries: [{ key: "a" }], more: true })
  })

  it("ends before it outgrows a message, with at least one entry", () => {
    const one = kv()
    for (const key of ["a", "b", "c"]) one.put(key, "x".repeat(100_000))
    expect(one.list("", 9)).toMatchObject({ entries: [{ key: "a" }], more: true })
    one.put("0", new Uint8Array(1_000_000))
    expect(one.list("", 9)).toMatchObject({ entries: [{ key: "0" }], more: true })
  })
})

describe("the forms", () => {
  it("read back what they wrote", () => {
    const commands: ReadonlyArray<KvCommand> = [
      { _tag: "Put", key: "", value: "x" },
      { _tag: "Put", key: "a", value: new Uint8Array([1]) },
      { _tag: "Delete", key: "a" },
      { _tag: "CompareAndSet", key: "a", revision: 0, value: "" }
    ]
    for (const one of commands) expect(forms.command.decode(forms.command.encode(one))).toEqual(one)
    const one = kv()
    one.put("b", "x")
    one.put("a", new Uint8Array([7]))
    const copy = forms.state.decode(forms.state.encode(one.state())) as KvState
    expect(copy.toArray()).toEqual(one.state().toArray())
    for (const question of [
      { _tag: "Get", key: "a" },
      { _tag: "List", prefix: "a", after: "", limit: 3 },
      { _tag: "List", prefix: "a", after: undefined, limit: 3 }
    ] as const)
      expect(forms.question.decode(forms.question.encode(question))).toEqual(question)
    const answer = one.list("", 1)
    expect(forms.answer.decode(forms.answer.encode(answer))).toEqual(answer)
    expect(forms.reply.decode(forms.reply.encode({ changed: true, revision: 3 }))).toEqual({
      changed: true,
      revision: 3
    })
  })

  it("write whole characters of two units, and nothing that holds half of one", () => {
    const list = (prefix: string) =>
      forms.question.encode({ _tag: "List", prefix, after: undefined, limit: 1 })
    for (const text of ["", "a", "😀", "\uFEFF"]) {
      expect(forms.command.encode({ _tag: "Put", key: text, value: text })).toEqual(["p", text, text])
      expect(list(text)).toEqual(["l", text, null, 1])
    }
    for (const half of ["\uD83D", "a\uD83D", "\uDE00\uD83D"]) {
      expect(() => forms.command.encode({ _tag: "Put", key: half, value: "" })).toThrow("the key holds half")
      expect(() => forms.command.encode({ _tag: "Put", key: "", value: half })).toThrow(
        "the value holds half"
      )
      expect(() => list(half)).toThrow("the prefix holds half")
    }
  })

  it("refuse whatever is malformed, without an error, so that all replicas refuse it alike", () => {
    const commands = [null, undefined, 5, "p", {}, [], ["p"], ["p", 1, "x"], ["p", "a"], ["p", "a", 5]]
    const more = [
      ["d", null],
      ["x", "a"],
      ["c", "a", "x"],
      ["c", "a", "x", -1],
      ["c", "a", "x", 1.5],
      ["c", "a", null, 1]
    ]
    for (const plain of [...commands, ...more])
      expect(forms.command.decode(plain), JSON.stringify(plain)).toBe(misfit)
    for (const plain of [null, ["g"], ["l", "a"], ["l", "a", "", -1], ["l", "a", 1, 1]])
      expect(forms.question.decode(plain)).toBe(misfit)
    for (const plain of [null, [["a", "x", 1]], [true, [["a", "x"]]], [true, [["a", {}, 1]]]])
      expect(forms.answer.decode(plain)).toBe(misfit)
    for (const plain of [null, [["a", "x"]], ["a"]]) expect(forms.state.decode(plain)).toBe(misfit)
    for (const plain of [null, [1, 1], [true, -1]]) expect(forms.reply.decode(plain)).toBe(misfit)
  })
})
