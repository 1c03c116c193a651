/** A simulated cluster of several groups: who leads them, and what laws say of each. */
import { describe, expect, it } from "vitest"
import { law } from "./laws/laws.ts"
import { simulate } from "./simulation.ts"
import { groupRegisters } from "./workload/group-registers.ts"
import type { World } from "./world.ts"

const shape = { acceptors: { min: 3, max: 3 }, masterApart: 1, groups: 3 }
const three = simulate("three-groups").cluster(shape).workload(groupRegisters)

describe("a cluster of several groups", () => {
  it("has each group led from another node, and clients of all", () => {
    let world: World | undefined
    const { failure, figures } = three.run({ seed: 3, onWorld: (made) => (world = made) })
    expect(failure).toBeUndefined()
    const leaders = world!.cluster!.groups.map(({ name, oracle }) => [
      name,
      oracle.master!.active!.leader.node
    ])
    expect(leaders).toEqual([
      ["main", "n1"],
      ["group2", "n2"],
      ["group3", "n3"]
    ])
    const groups = new Set(world!.ledger.acknowledged.map(({ group }) => group))
    expect([...groups].sort()).toEqual(["group2", "group3", "main"])
    expect(figures.acknowledged).toBeGreaterThan(10)
  })

  it("has every law watch each group, and names it where one is broken", () => {
    const watched: Array<string> = []
    const never = law("nothing is chosen", "0", ({ group }, broken) => {
      watched.push(group)
      return { onChosen: () => (group === "group3" ? broken("something is") : undefined) }
    })
    const { failure } = three.laws(never).run({ seed: 3 })
    expect(watched).toEqual(["main", "group2", "group3"])
    expect(failure).toMatchObject({ kind: "law", name: "nothing is chosen" })
    expect(failure!.message).toContain("in group3: something is")
  })
})
