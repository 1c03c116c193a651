/** What the seal of a packet finds, and what it leaves to others. */
import { assert, describe, it } from "@effect/vitest"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../protocol/ids.ts"
import { pack, unpack } from "../runtime/codec.ts"
import { type Body, packetCodec, wireVersion } from "./packet.ts"
import { isSealed, noSeal, seal } from "./seal.ts"

const codec = packetCodec("dev")
const from = { node: NodeId("n1"), storage: StorageId("s1") }
const group = GroupId("main")
const accepted: Body = {
  _tag: "Accepted",
  ballot: Ballot(3),
  lastSlot: Slot(70_000),
  round: 9,
  grantedMs: 200
}
const run = { ballot: Ballot(3), first: Slot(8), count: 1, atMs: 5, bytes: Uint8Array.of(1, 0, 0, 0, 7) }
const accept: Body = {
  _tag: "Accept",
  configuration: { ballot: Ballot(3), generation: 0, leader: from, acceptors: [from] },
  prevSlot: Slot(7),
  prevSlotBallot: Ballot(2),
  runs: [run],
  chosen: Slot(7),
  round: 1,
  leaseMs: 200
}

describe("a sealed packet", () => {
  it("is refused with any one of its bits flipped, in a value as in the envelope", () => {
    for (const body of [accepted, accept]) {
      const sound = codec.encode(from, group, body)
      assert.deepStrictEqual(codec.decode(sound), { from, group, body })
      for (let bit = 0; bit < sound.length * 8; bit++) {
        const flipped = sound.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        assert.typeOf(codec.decode(flipped), "string", `bit ${bit}`)
      }
    }
  })

  it("is called damaged where it would read well", () => {
    const bytes = codec.encode(from, group, accepted)
    bytes[bytes.length - 1]! ^= 1
    assert.strictEqual(codec.decode(bytes), "damaged")
  })

  it("is refused wherever it is cut off, and with bytes behind it", () => {
    const sound = codec.encode(from, group, accept)
    for (let length = 0; length < sound.length; length++)
      assert.typeOf(codec.decode(sound.slice(0, length)), "string", `${length} bytes`)
    assert.typeOf(codec.decode(Uint8Array.of(...sound, 0)), "string")
  })

  it("has its seal in the same place with fields for a long array", () => {
    const long = seal(pack([wireVersion, noSeal, ...Array.from({ length: 40 }, (_, index) => index)]))
    assert.isTrue(isSealed(long))
    long[long.length - 1]! ^= 1
    assert.isFalse(isSealed(long))
  })

  it("is none where there is no place for the seal", () => {
    const old = pack([wireVersion, "dev", "n1", "s1", "main", 3, 1, 2])
    assert.isFalse(isSealed(seal(old.slice())))
    assert.strictEqual(codec.decode(old), "damaged")
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xc0), Uint8Array.of(0x91, 2, 0xc4, 4, 1)])
      assert.isFalse(isSealed(bytes))
  })

  it("of another version is called that, sealed or not", () => {
    const values = unpack(codec.encode(from, group, accepted)) as ReadonlyArray<unknown>
    assert.strictEqual(codec.decode(pack([wireVersion + 1, ...values.slice(1)])), "unknown-version")
    assert.strictEqual(codec.decode(pack([1, "dev", "n1", "s1", "main", 3, 1, 2])), "unknown-version")
  })
})
