/** What the answers of the nodes come to. */
import { assert, describe, it } from "@effect/vitest"
import type { NodeSeen } from "../client/discover.ts"
import { clusterShown } from "./status.ts"

const seen = (id: string, phase: string, ballot: number, chosen: number): NodeSeen => ({
  id,
  storage: "s",
  pid: 7,
  state: "running",
  counters: {},
  nodes: ["n1", "n2", "n3"],
  groups: [
    {
      group: "main",
      phase,
      promised: ballot,
      last: chosen,
      chosen,
      applied: chosen,
      configuration: { ballot, generation: 0, leader: ballot === 3 ? "n2" : "n1", acceptors: ["n1", "n2"] }
    }
  ]
})

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
})
