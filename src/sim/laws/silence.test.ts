/** The law of silence is seen firing on facts that break it, and silent on facts that do not. */
import { describe, expect, it } from "vitest"
import type { Configuration } from "../../protocol/configuration.ts"
import { Slot } from "../../protocol/ids.ts"
import { configuration, FakeFacts, node, serving, verdict } from "./laws.test-support.ts"
import type { WatchedGroup } from "./laws.ts"
import { silence } from "./silence.ts"

const leading = configuration(2, "a", "b")
const later: Configuration = { ...leading, generation: 1 }

/** The leader at slot 3 falls silent in this configuration; the other one has known this at its best. */
const fallsSilent = (of: Configuration, chosen: number, heard: Configuration | undefined) => {
  const [a, b] = [node("a"), node("b")]
  const leader = { ...serving(of, 3), isSilent: true }
  const silent = { ...a, parts: { ...a.parts, leader: () => leader } as never }
  const knowing = (one: WatchedGroup, slot: number, configured: Configuration | undefined): WatchedGroup => ({
    ...one,
    parts: { ...one.parts, acceptor: () => ({ chosen: Slot(slot), configuration: configured }) } as never
  })
  return verdict(silence, new FakeFacts(a, b), (watch) => {
    watch.onUp!(knowing(a, 3, of))
    watch.onUp!(knowing(b, chosen, heard))
    // What it knew once it knew, whatever it has forgotten since.
    watch.onUp!(knowing(b, 0, undefined))
    watch.onServing!(silent)
  })
}

describe("silence is known", () => {
  it("is broken by a leader that falls silent before each acceptor knows what is chosen", () => {
    expect(fallsSilent(leading, 3, leading)).toBeUndefined()
    expect(fallsSilent(leading, 2, leading)).toContain("b has known 2 as chosen")
  })

  it("is broken by one that falls silent before each acceptor has heard who votes", () => {
    expect(fallsSilent(later, 3, later)).toBeUndefined()
    expect(fallsSilent(later, 3, leading)).toContain("b has heard of generation 0 of ballot 2")
    expect(fallsSilent(leading, 3, undefined)).toContain("b has heard of none")
  })
})
