/** Foretold results come true when all acceptors that they name have synced them, in that ballot. */
import { describe, expect, it } from "vitest"
import { Ballot, NodeId, type Replica, SessionId, Slot, StorageId } from "../protocol/ids.ts"
import type { Foretold } from "../wire/client-codec.ts"
import { Foretelling } from "./foretelling.ts"

const replica = (node: string, storage = `${node}1`): Replica => ({
  node: NodeId(node),
  storage: StorageId(storage)
})

const foretold = (ballot: number, slot: number, ...nodes: ReadonlyArray<string>): Foretold => ({
  _tag: "Foretold",
  ballot: Ballot(ballot),
  slot: Slot(slot),
  waitsFor: nodes.map((node) => replica(node)),
  session: SessionId(1),
  flat: [1, slot, 0, "reply"]
})

const synced = (ballot: number, slot: number) =>
  ({ _tag: "Synced", ballot: Ballot(ballot), slot: Slot(slot) }) as const

describe("a foretold result", () => {
  it("comes true with the last of the acceptors, in whatever order all of it comes", () => {
    const one = foretold(2, 5, "b", "c")
    const first = new Foretelling()
    expect(first.foretold(one)).toBeUndefined()
    expect(first.synced(replica("b"), synced(2, 5))).toBeUndefined()
    expect(first.synced(replica("c"), synced(2, 6))).toBe(one)
    const last = new Foretelling()
    expect(last.synced(replica("c"), synced(2, 5))).toBeUndefined()
    expect(last.synced(replica("b"), synced(2, 5))).toBeUndefined()
    expect(last.foretold(one)).toBe(one)
  })

  it("comes true once", () => {
    const one = foretold(2, 5, "b")
    const told = new Foretelling()
    told.synced(replica("b"), synced(2, 5))
    expect(told.foretold(one)).toBe(one)
    expect(told.synced(replica("b"), synced(2, 5))).toBeUndefined()
  })

  it("takes no older slot, no other ballot and no other disk for its own", () => {
    const told = new Foretelling()
    told.foretold(foretold(2, 5, "b"))
    expect(told.synced(replica("b"), synced(2, 4))).toBeUndefined()
    expect(told.synced(replica("b", "b2"), synced(2, 5))).toBeUndefined()
    expect(told.synced(replica("b"), synced(3, 9))).toBeUndefined()
    expect(told.synced(replica("x"), synced(2, 5))).toBeUndefined()
  })

  it("gives way to a newer one, and not to an older one", () => {
    const newer = foretold(3, 7, "b")
    const told = new Foretelling()
    told.foretold(foretold(2, 5, "b"))
    told.foretold(newer)
    told.foretold(foretold(2, 6, "b"))
    expect(told.synced(replica("b"), synced(3, 7))).toBe(newer)
  })
})
