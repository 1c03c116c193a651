/** A hello survives the wire, one of an older version is taken, and one that is none never comes off it. */
import { assert, describe, it } from "@effect/vitest"
import { Ballot, GroupId, NodeId, StorageId } from "../protocol/ids.ts"
import { pack, unpack } from "../runtime/codec.ts"
import { type Hello, packetCodec } from "./packet.ts"
import { seal } from "./seal.ts"

const codec = packetCodec("dev")
const from = { node: NodeId("n1"), storage: StorageId("s") }
const noGroup = GroupId("")
const floor = { of: { node: NodeId("n2"), storage: StorageId("t") }, frames: 4711 }
const hello: Hello = {
  _tag: "Hello",
  instance: "i",
  startedAtMs: 1234.5,
  asks: true,
  answers: "j",
  promised: [{ group: GroupId("g"), ballot: Ballot(3) }],
  floors: [floor]
}

/** As somebody sends it who does not know the last fields yet. */
const without = (fields: number): Uint8Array => {
  const values = unpack(codec.encode(from, noGroup, hello)) as Array<unknown>
  return seal(pack(values.slice(0, values.length - fields)))
}

describe("a hello on the wire", () => {
  it("comes back as it was sent", () => {
    const packet = codec.decode(codec.encode(from, noGroup, hello))
    assert.deepStrictEqual(packet, { from, group: noGroup, body: hello })
  })

  it("of an older version says nothing of disks, or of promises", () => {
    const body = (fields: number) => (codec.decode(without(fields)) as { readonly body: unknown }).body
    assert.deepStrictEqual(body(1), { ...hello, floors: [] })
    assert.deepStrictEqual(body(2), { ...hello, floors: [], promised: [] })
    assert.strictEqual(codec.decode(without(3)), "malformed")
  })

  it("is refused where a floor does not fit", () => {
    const silly = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "7", null, undefined, []]
    const wrong: ReadonlyArray<unknown> = [
      ...silly.map((frames) => [{ ...floor, frames }]),
      [{ ...floor, of: { node: 7, storage: "t" } }],
      [{ ...floor, of: { node: "n2", storage: null } }]
    ]
    for (const floors of wrong) {
      const bytes = codec.encode(from, noGroup, { ...hello, floors } as unknown as Hello)
      assert.strictEqual(codec.decode(bytes), "malformed", JSON.stringify(floors))
    }
  })
})
