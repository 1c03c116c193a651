/** Records of a file, lines of blocks, and what is known to be loaded at any moment. */
import { assert, describe, it } from "@effect/vitest"
import type { CommandDone } from "../../client/epoch.ts"
import type { GroupClient } from "../../client/group-client.ts"
import { unpack } from "../../runtime/codec.ts"
import { durationMs } from "../flags.ts"
import { LoadFlight } from "./flight.ts"
import { formatOf, parseRecord } from "./format.ts"
import { LineCutter } from "./input.ts"

describe("a record", () => {
  it("is a JSON object with a value or base64, or key TAB value, by the name of the file", () => {
    assert.deepStrictEqual(parseRecord('{"key":"a","value":"1"}', "jsonl"), { key: "a", value: "1" })
    const bytes = parseRecord('{"key":"a","base64":"AP8="}', "jsonl")
    assert.deepStrictEqual(bytes, { key: "a", value: Buffer.from([0, 255]) })
    assert.deepStrictEqual(parseRecord("a\tb\tc\r", "tsv"), { key: "a", value: "b\tc" })
    assert.strictEqual(parseRecord("", "tsv"), undefined)
    assert.deepStrictEqual(["x.tsv", "x.TXT", "x.jsonl", "-"].map(formatOf), ["tsv", "tsv", "jsonl", "jsonl"])
  })

  it("that is none is answered with what was expected", () => {
    const both = '{"key":"a","value":"x","base64":"AA=="}'
    for (const line of ["{", "[1]", '{"key":1,"value":"x"}', '{"key":"a"}', '{"key":"a","base64":"?"}', both])
      assert.match(String(parseRecord(line, "jsonl")), /^expected \{"key"/, line)
    assert.match(String(parseRecord("no tab", "tsv")), /^expected key TAB value/)
  })
})

describe("lines", () => {
  it("are the same however the blocks fall, each with the place of the next", () => {
    const bytes = Buffer.from("eins\nzwölf\n\nlast")
    for (let size = 1; size <= bytes.length; size++) {
      const cutter = new LineCutter(100)
      const lines = []
      for (let at = 0; at < bytes.length; at += size)
        lines.push(...cutter.take(bytes.subarray(at, at + size)))
      lines.push(...cutter.take(new Uint8Array(0)))
      assert.deepStrictEqual(
        lines.map(({ content, endOffset }) => [content, endOffset]),
        [
          [{ text: "eins" }, 105],
          [{ text: "zwölf" }, 112],
          [{ text: "" }, 113],
          [{ text: "last" }, 117]
        ]
      )
    }
  })

  it("that are no UTF-8 have no text, and do not spoil the others", () => {
    const [bad, good] = new LineCutter(0).take(Buffer.from([0xff, 10, 0x61, 10]))
    assert.deepStrictEqual(bad?.content, { fault: "expected UTF-8 text, found other bytes" })
    assert.deepStrictEqual(good?.content, { text: "a" })
  })

  it("begin behind a byte order mark, which is part of no key; elsewhere it stands for itself", () => {
    const bytes = Buffer.from("\uFEFFa\n\uFEFFb\n")
    const texts = (offset: number) => new LineCutter(offset).take(bytes).map(({ content }) => content)
    assert.deepStrictEqual(texts(0), [{ text: "a" }, { text: "\uFEFFb" }])
    assert.deepStrictEqual(texts(9), [{ text: "\uFEFFa" }, { text: "\uFEFFb" }])
  })

  it("that never end are given up before they fill the memory", () => {
    const cutter = new LineCutter(0)
    const block = new Uint8Array(1024 * 1024).fill(0x61)
    let blocks = 1
    while (blocks < 100 && cutter.take(block).length === 0) blocks++
    assert.strictEqual(blocks, 17)
    assert.match(JSON.stringify(cutter.take(block)), /expected lines of less than 16777216 bytes/)
  })
})

describe("a load in flight", () => {
  const client = () => {
    const sent: Array<{ readonly key: unknown; readonly done: CommandDone }> = []
    const submitUnsafe: GroupClient["submitUnsafe"] = (bytes, _timeoutMs, done) => {
      sent.push({ key: (unpack(bytes) as ReadonlyArray<unknown>)[1], done })
      return true
    }
    return { sent, client: { submitUnsafe } as unknown as GroupClient }
  }
  const start = { offsetBytes: 0, lines: 0, records: 0 }

  it("counts as loaded only what is acknowledged without a gap", () => {
    const { sent, client: fake } = client()
    const flight = new LoadFlight(fake, 1000, start)
    for (const [index, key] of ["a", "b", "c"].entries()) {
      flight.take({ key, value: "1" }, (index + 1) * 10)
      flight.closeChunk()
    }
    const acknowledge = (index: number) => sent[index]!.done(null, 1, undefined)
    acknowledge(1)
    acknowledge(2)
    assert.strictEqual(flight.acknowledged.offsetBytes, 0)
    acknowledge(0)
    assert.deepStrictEqual(flight.acknowledged, { offsetBytes: 30, lines: 3, records: 3 })
    assert.isTrue(flight.isEmpty())
  })

  it("is full for a key that is in flight: its last line must win", () => {
    const { sent, client: fake } = client()
    const flight = new LoadFlight(fake, 1000, start)
    flight.take({ key: "a", value: "1" }, 10)
    assert.deepStrictEqual([flight.isFull("a"), flight.isFull("b")], [true, false])
    sent[0]!.done(null, 1, undefined)
    assert.isFalse(flight.isFull("a"))
  })

  it("is full with 8 MiB, and counts them as loaded long before thousands of lines are", () => {
    const { sent, client: fake } = client()
    const flight = new LoadFlight(fake, 1000, start)
    for (let line = 1; !flight.isFull("next") && line < 100; line++)
      flight.take({ key: `k${line}`, value: "x".repeat(400_000) }, line)
    assert.strictEqual(sent.length, 21)
    sent[0]!.done(null, 1, undefined)
    assert.isFalse(flight.isFull("next"))
    for (const { done } of sent.slice(1, 3)) done(null, 1, undefined)
    assert.strictEqual(flight.acknowledged.records, 3)
  })

  it("refuses what no message can carry", () => {
    assert.match(LoadFlight.fault({ key: "a", value: "x".repeat(600_000) }) ?? "", /found 600001/)
    assert.match(LoadFlight.fault({ key: "\ud800", value: "x" }) ?? "", /half of one/)
    assert.match(LoadFlight.fault({ key: "a", value: "\udc00" }) ?? "", /half of one/)
    assert.strictEqual(LoadFlight.fault({ key: "a", value: "x" }), undefined)
  })
})

describe("a time", () => {
  it("is a number with a unit, or seconds", () => {
    assert.deepStrictEqual(["250ms", "20s", "1.5m", "2h", "3", "x", "-1s"].map(durationMs), [
      250,
      20_000,
      90_000,
      7_200_000,
      3000,
      undefined,
      undefined
    ])
  })
})
