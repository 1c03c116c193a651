/** What the answers of the nodes come to. */
import { assert, describe, it } from "@effect/vitest"
import { nodeSeen } from "../client/discover.test-support.ts"
import type { NodeSeen } from "../client/discover.ts"
import { clusterShown } from "./status.ts"

const seen = (id: string, phase: string, ballot: number, chosen: number): NodeSeen => {
  const leader = ballot === 3 ? "n2" : "n1"
  const configuration = { ballot, generation: 0, leader, acceptors: ["n1", "n2"] }
  const log = { promised: ballot, last: chosen, chosen, applied: chosen }
  return nodeSeen(id, {
    nodes: ["n1", "n2", "n3"],
    groups: [{ group: "main", phase, ...log, configuration }]
  })
}

describe("the status of a cluster", () => {
  it("shows the newest configuration, and a known node that did not answer as silent", () => {
    const shown = clusterShown("dev", [seen("n1", "Deposed", 2, 5), seen("n2", "Serving", 3, 9)])
    assert.deepStrictEqual(
      shown.nodes.map(({ id, state }) => [id, state]),
      [
        ["n1", "running"],
        ["n2", "running"],
        ["n3", "silent"]
      ]
    )
    const [main] = shown.groups
    assert.deepInclude(main, { ballot: 3, leader: "n2", serving: true, chosen: 9, applied: { n1: 5, n2: 9 } })
  })

  it("tells of two clusters under its name, and of none where all belong together", () => {
    const [one, two] = [seen("n1", "Serving", 2, 5), seen("n2", "Deposed", 2, 5)]
    const stranger = nodeSeen("m1", { nodes: ["m1"] })
    assert.deepStrictEqual(clusterShown("dev", [one, stranger]).clusters, [["n1", "n2", "n3"], ["m1"]])
    assert.notProperty(clusterShown("dev", [one, two]), "clusters")
  })
})
