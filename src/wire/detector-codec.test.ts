/** A beat survives the wire, and one that is none never comes off it. */
import { assert, describe, it } from "@effect/vitest"
import { GroupId, NodeId, StorageId } from "../protocol/ids.ts"
import type { Beat } from "../protocol/liveness/detector.ts"
import { packetCodec } from "./packet.ts"

const codec = packetCodec("dev")
const from = { node: NodeId("n1"), storage: StorageId("s") }
const noGroup = GroupId("")
const beat: Beat = {
  _tag: "Beat",
  life: 12,
  number: 3,
  sentAtMs: 1234.5,
  lagMs: 0.25,
  frames: 4711,
  echoes: [{ node: NodeId("n2"), life: 9, sentAtMs: 77.125, heldMs: 3.5 }]
}

describe("a beat on the wire", () => {
  it("comes back as it was sent", () => {
    assert.deepStrictEqual(codec.decode(codec.encode(from, noGroup, beat)), {
      from,
      group: noGroup,
      body: beat
    })
  })

  it("is refused where a field does not fit", () => {
    for (const wrong of [{ number: -1 }, { sentAtMs: Number.NaN }, { lagMs: undefined }, { frames: -1 }]) {
      const bytes = codec.encode(from, noGroup, { ...beat, ...wrong } as unknown as Beat)
      assert.strictEqual(codec.decode(bytes), "malformed")
    }
  })
})
