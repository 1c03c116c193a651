/** Who mistypes the name of a cluster or a group is told so, and what there is. */
import { assert, describe, it } from "@effect/vitest"
import type { NodeSeen } from "../client/discover.ts"
import { misnamed } from "./whereabouts.ts"

const where = { servers: ["127.0.0.1:4222"], cluster: "dev", group: "main", timeout: 1000 }

const nodeWith = (id: string, ...groups: ReadonlyArray<string>) =>
  ({ id, groups: groups.map((group) => ({ group })) }) as unknown as NodeSeen

describe("a command that nobody answered", () => {
  it("is told that no node of the cluster answers", () => {
    const problem = misnamed(where, [], 2000)
    assert.match(problem?.message ?? "", /^no node of the cluster "dev" answers on the bus .*within 2000 ms/)
    assert.strictEqual(problem?.exitCode, 3)
  })

  it("is told of the groups that there are, where its own is not among them", () => {
    const problem = misnamed({ ...where, group: "mian" }, [nodeWith("n1", "main"), nodeWith("n2", "jobs")], 0)
    const expected = 'no node of the cluster "dev" that answers holds the group "mian"; it holds jobs, main'
    assert.strictEqual(problem?.message, expected)
    assert.strictEqual(problem?.exitCode, 3)
  })

  it("keeps its own failure where its names are right", () => {
    assert.isUndefined(misnamed(where, [nodeWith("n1"), nodeWith("n2", "main")], 0))
  })
})
