/** A roll survives the wire, and one that is none never comes off it. */
import { assert, describe, it } from "@effect/vitest"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../protocol/ids.ts"
import type { Roll, Rouse } from "../protocol/liveness/roll.ts"
import { packetCodec } from "./packet.ts"

const codec = packetCodec("dev")
const from = { node: NodeId("n1"), storage: StorageId("s") }
const group = GroupId("main")
const entry = { group, ballot: Ballot(3), generation: 1, chosen: Slot(77) }
const roll: Roll = { _tag: "Roll", entries: [entry, { ...entry, group: GroupId("other"), generation: 0 }] }
const rouse: Rouse = { _tag: "Rouse", ballot: Ballot(3) }

describe("a roll on the wire", () => {
  it("comes back as it was sent, and so does what it is answered with", () => {
    for (const body of [roll, rouse])
      assert.deepStrictEqual(codec.decode(codec.encode(from, group, body)), { from, group, body })
  })

  it("is refused where a field does not fit", () => {
    for (const wrong of [{ ballot: -1 }, { chosen: "7" }, { group: 5 }, { generation: undefined }]) {
      const bytes = codec.encode(from, group, {
        ...roll,
        entries: [{ ...entry, ...wrong }]
      } as unknown as Roll)
      assert.strictEqual(codec.decode(bytes), "malformed")
    }
  })
})
