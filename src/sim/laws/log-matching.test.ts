/** The law of log matching is seen firing on logs that break it, and silent on logs that do not. */
import { describe, expect, it } from "vitest"
import { Ballot, Slot } from "../../protocol/ids.ts"
import { FakeFacts, node, verdict } from "./laws.test-support.ts"
import { logMatching } from "./log-matching.ts"

describe("log matching", () => {
  const see = (...logs: ReadonlyArray<ReadonlyArray<readonly [number, number]>>) =>
    verdict(logMatching, new FakeFacts(), (watch) => {
      for (const [index, disk] of logs.entries())
        watch.onDurable!(node(`n${index}`, { disk }), 1, disk.length)
    })
  it("is broken by two entries of one ballot at a slot, and by ballots that fall", () => {
    expect(see([[1, 11]], [[1, 11]], [[2, 12]])).toBeUndefined()
    expect(see([[1, 11]], [[1, 12]])).toContain("ballot 1 has two entries at slot 1")
    expect(
      see([
        [2, 11],
        [1, 12]
      ])
    ).toContain("then ballot 1")
  })
  it("is broken by a log that goes on behind an entry that it did not have", () => {
    const cut = (ballot: number, fromElsewhere: boolean) =>
      verdict(logMatching, new FakeFacts(), (watch) => {
        const base = { slot: Slot(2), ballot: Ballot(ballot), atMs: 0 }
        watch.onCut!(
          node("n1", {
            disk: [
              [1, 11],
              [1, 12],
              [1, 13]
            ]
          }),
          base,
          fromElsewhere
        )
      })
    expect(cut(1, false)).toBeUndefined()
    expect(cut(2, true)).toBeUndefined()
    expect(cut(2, false)).toContain("held ballot 1 there")
  })
})
