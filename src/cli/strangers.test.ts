/** Clusters of one name are told apart by whom their nodes know. */
import { assert, describe, it } from "@effect/vitest"
import { nodeSeen } from "../client/discover.test-support.ts"
import { strangersAmong, strangersLine } from "./strangers.ts"

const knowing = (id: string, ...nodes: ReadonlyArray<string>) => nodeSeen(id, { nodes })

describe("nodes that answer under one name", () => {
  it("are one cluster where each is known to another, whoever was told first", () => {
    const founders = [knowing("n1", "n1", "n2"), knowing("n2", "n1", "n2")]
    assert.deepStrictEqual(strangersAmong(founders), [])
    assert.deepStrictEqual(strangersAmong([...founders, knowing("n3", "n2", "n3")]), [])
    const ends = [knowing("n1", "n1"), knowing("n3", "n3"), knowing("n2", "n1", "n2", "n3")]
    assert.deepStrictEqual(strangersAmong(ends), [])
  })

  it("are two where none of one knows any of the other", () => {
    const seen = [knowing("m1", "m1"), knowing("n2", "n1", "n2"), knowing("n1", "n1", "n2")]
    const clusters = strangersAmong(seen)
    assert.deepStrictEqual(clusters, [["m1"], ["n1", "n2"]])
    assert.match(
      strangersLine(clusters) ?? "",
      /^2 clusters use this name \(m1 and n1, n2\): give each its own/
    )
  })

  it("are not told apart where one does not say whom it knows", () => {
    assert.deepStrictEqual(strangersAmong([nodeSeen("n1"), knowing("m1", "m1")]), [])
    assert.isUndefined(strangersLine([]))
  })
})
