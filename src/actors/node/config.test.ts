/** What a node is told of its groups, and what is said when it cannot be. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { nodeConfig, sizeOf } from "./config.ts"

const config = (group: object) => {
  const nodes = ["n1", "n2", "n3", "n4"]
  return nodeConfig({ cluster: "c", node: "n1", nodes, data: "d", groups: [{ name: "main", ...group }] })
}
const problem = (group: object) => Effect.map(Effect.flip(config(group)), (error) => error.problem)

describe("the groups of a configuration", () => {
  it.effect("are as large as their first acceptors, unless they say otherwise", () =>
    Effect.gen(function* () {
      const [group] = (yield* config({ acceptors: ["n1", "n2"] })).groups
      assert.strictEqual(sizeOf(group!), 2)
      assert.deepInclude(group, { spares: [], learners: [], minAcceptors: 1 })
      const [larger] = (yield* config({ acceptors: ["n1", "n2"], spares: ["n3"], size: 3 })).groups
      assert.strictEqual(sizeOf(larger!), 3)
    })
  )

  it.effect("are refused with a sentence where they contradict themselves", () =>
    Effect.gen(function* () {
      const acceptors = ["n1", "n2"]
      const expected: ReadonlyArray<readonly [object, string]> = [
        [
          { acceptors: ["n1", "n9"] },
          '"groups": group main: its acceptor n9 is not among "nodes": n1, n2, n3, n4'
        ],
        [{ acceptors: ["n1", "n1"] }, '"groups": group main: its acceptor n1 is named twice'],
        [{ acceptors, spares: ["n2"] }, '"groups": group main: n2 cannot be its acceptor and its spare'],
        [
          { acceptors, spares: ["n3"], learners: ["n3"] },
          '"groups": group main: n3 cannot be its spare and its learner'
        ],
        [
          { acceptors, size: 3 },
          '"groups": group main: its size is 3, but it has only 2 acceptors and spares'
        ],
        [
          { acceptors, minAcceptors: 3 },
          '"groups": group main: its minAcceptors is 3, more than its size of 2'
        ],
        [
          { acceptors: ["n1"], spares: ["n2"], size: 2, minAcceptors: 2 },
          '"groups": group main: its minAcceptors is 2, but it begins with 1 acceptors'
        ]
      ]
      for (const [group, sentence] of expected) assert.strictEqual(yield* problem(group), sentence)
    })
  )

  it.effect("are one of all nodes where none is given, and a list of none is refused", () =>
    Effect.gen(function* () {
      const given = (more: object) =>
        nodeConfig({ cluster: "c", node: "n1", nodes: ["n1", "n2"], data: "d", ...more })
      const { groups } = yield* given({})
      assert.deepStrictEqual(
        [groups.length, groups[0]?.name, groups[0]?.acceptors],
        [1, "main", ["n1", "n2"]]
      )
      const { problem: none } = yield* Effect.flip(given({ groups: [] }))
      assert.strictEqual(none, `"groups" names no group: leave it out for one, "main", of all nodes`)
    })
  )

  it.effect("are beside a directory that a path can name", () =>
    Effect.gen(function* () {
      const given = (data: string) => nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data })
      const expected: ReadonlyArray<readonly [string, string]> = [
        ["a\0b", '"data" holds a NUL character, and no path can'],
        ["x/".repeat(2500), '"data" has 5000 bytes; give a path of 3800 at most'],
        [`a/${"é".repeat(128)}`, '"data" has a name of 256 bytes in it; give names of 255 at most']
      ]
      for (const [data, sentence] of expected)
        assert.strictEqual((yield* Effect.flip(given(data))).problem, sentence)
      for (const data of [`a/${"x".repeat(255)}`, "x/".repeat(1900)]) yield* given(data)
    })
  )

  it.effect("take no files of the log that are too small for it", () =>
    Effect.gen(function* () {
      const sized = (segmentBytes: number) =>
        nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data: "d", segmentBytes })
      const { problem: tooSmall } = yield* Effect.flip(sized(4095))
      assert.match(tooSmall, /between 4096 and 2147483648/)
      assert.strictEqual((yield* sized(4096)).segmentBytes, 4096)
    })
  )
})
