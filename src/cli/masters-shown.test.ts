/** What is said of masters that do not answer. */
import { assert, describe, it } from "@effect/vitest"
import { nodeSeen } from "../client/discover.test-support.ts"
import type { NodeSeen } from "../client/discover.ts"
import { mastersLine, mastersShown } from "./masters-shown.ts"

const three = ["n1", "n2", "n3"]
const seen = (id: string, masters?: ReadonlyArray<string>): NodeSeen =>
  nodeSeen(id, masters === undefined ? {} : { masters })

describe("the masters of a cluster", () => {
  it("are not mentioned where all answer, or where nobody told who they are", () => {
    assert.isUndefined(mastersLine(mastersShown(three.map((id) => seen(id, three)))))
    assert.isUndefined(mastersLine(mastersShown([seen("n1")])))
  })

  it("can change configurations while a majority answers", () => {
    const shown = mastersShown([seen("n1", three), seen("n2", three), seen("n4", three)])
    assert.deepStrictEqual(shown, { nodes: three, silent: ["n3"], waiting: [], majority: true })
    assert.include(mastersLine(shown), "1 of 3 masters silent (n3): a majority answers")
  })

  it("cannot where half of them or more are silent, nor where the only one is", () => {
    const shown = mastersShown([seen("n1", three), seen("n4", three)])
    assert.deepStrictEqual(shown, { nodes: three, silent: ["n2", "n3"], waiting: [], majority: false })
    assert.include(mastersLine(shown), "no configuration can change")
    assert.isFalse(mastersShown([seen("n1", ["n1", "n2"])]).majority)
    assert.isFalse(mastersShown([seen("n2", ["n1"])]).majority)
  })

  it("do not count while they have no seat: those on new disks keep nothing so far", () => {
    const at = (id: string, state: string) => nodeSeen(id, { masters: three, master: { state } })
    const one = mastersShown([at("n1", "waiting"), at("n2", "seated"), at("n3", "seated")])
    assert.deepStrictEqual(one, { nodes: three, silent: [], waiting: ["n1"], majority: true })
    assert.include(mastersLine(one), "1 of 3 masters without a seat so far (n1): a majority answers")
    assert.include(mastersLine(one), "no other disk of a master may be lost now")
    const two = mastersShown([at("n1", "waiting"), at("n2", "waiting"), at("n3", "seated")])
    assert.isFalse(two.majority)
    assert.include(mastersLine(two), "(n1, n2): no majority answers, so no configuration can change")
    const mixed = mastersShown([at("n1", "waiting"), at("n3", "seated")])
    assert.isFalse(mixed.majority)
    assert.include(
      mastersLine(mixed),
      "1 of 3 masters silent (n2), 1 of 3 masters without a seat so far (n1): no majority"
    )
  })

  it("are those that most nodes were told of, in whatever order", () => {
    const shown = mastersShown([seen("n1", ["n1"]), seen("n2", three), seen("n3", ["n3", "n2", "n1"])])
    assert.deepStrictEqual([...shown.nodes].sort(), three)
  })
})
