/** A group that nobody can lead any more is told from one whose nodes are away. */
import { assert, describe, it } from "@effect/vitest"
import { masterText } from "../actors/master/state.ts"
import { nodeSeen } from "../client/discover.test-support.ts"
import { Ballot, NodeId, type Replica, StorageId } from "../protocol/ids.ts"
import { emptyMaster } from "../protocol/master/master.ts"
import { clusterShown } from "./status.ts"
import { strandedLines } from "./stranded.ts"

const replica = (node: string, storage: string): Replica => ({
  node: NodeId(node),
  storage: StorageId(storage)
})

/** Node n1 keeps the master; the group is led with these acceptors, and these nodes answer. */
const seenWith = (acceptors: ReadonlyArray<Replica>, answering: Readonly<Record<string, string>>) => {
  const active = { ballot: Ballot(15), generation: 0, leader: acceptors[0]!, acceptors }
  const state = masterText({ ...emptyMaster(), nextBallot: Ballot(16), active })
  const master = { state: "seated", registers: [{ group: "main", version: 9, state }] }
  const log = { promised: 14, last: 7, chosen: 7, applied: 7 }
  const configuration = { ballot: 14, generation: 0, leader: "n3", acceptors: ["n2", "n3"] }
  const groups = [{ group: "main", phase: "Deposed", ...log, configuration }]
  return Object.entries({ n1: "a", ...answering }).map(([id, storage]) =>
    nodeSeen(id, { storage, groups, masters: ["n1"], ...(id === "n1" ? { master } : {}) })
  )
}

describe("a group whose acceptors have all come back with other disks", () => {
  const n3 = replica("n3", "old")

  it("is said to stand still, with the disks that it needs", () => {
    const line = strandedLines(seenWith([n3], { n3: "new" })).get("main")
    assert.include(line, "group main stands still: its acceptors are n3 (storage old)")
  })

  it("is not, where one of them has its disk, or does not answer", () => {
    const both = [n3, replica("n2", "b")]
    assert.isUndefined(strandedLines(seenWith([n3], { n3: "old" })).get("main"))
    assert.isUndefined(strandedLines(seenWith([n3], {})).get("main"))
    assert.isUndefined(strandedLines(seenWith(both, { n3: "new" })).get("main"))
    assert.isUndefined(strandedLines(seenWith(both, { n3: "new", n2: "b" })).get("main"))
    assert.isDefined(strandedLines(seenWith(both, { n3: "new", n2: "c" })).get("main"))
  })

  it("is shown with the configuration that the masters have, and why it stands still", () => {
    const [main] = clusterShown("dev", seenWith([n3], { n3: "new" })).groups
    assert.deepInclude(main, { ballot: 15, leader: "n3", acceptors: ["n3"], serving: false })
    assert.include(main?.stranded, "group main stands still")
    const [led] = clusterShown("dev", seenWith([n3], { n3: "old" })).groups
    assert.notProperty(led, "stranded")
  })
})
