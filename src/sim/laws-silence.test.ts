/** The law of silence is seen firing on facts that break it, and silent on facts that do not. */
import { describe, expect, it } from "vitest"
import { Slot } from "../protocol/ids.ts"
import { silence } from "./laws/silence.ts"
import { configuration, FakeFacts, node, serving, verdict } from "./laws.test-support.ts"
import type { WatchedGroup } from "./laws.ts"

describe("silence is known", () => {
  it("is broken by a leader that falls silent before each acceptor knows what is chosen", () => {
    const [a, b] = [node("a"), node("b")]
    const leader = { ...serving(configuration(2, "a", "b"), 3), isSilent: true }
    const leading = { ...a, parts: { ...a.parts, leader: () => leader } as never }
    const knowing = (of: WatchedGroup, chosen: number): WatchedGroup => ({
      ...of,
      parts: { ...of.parts, acceptor: () => ({ chosen: Slot(chosen) }) } as never
    })
    const fallsSilent = (chosen: number) =>
      verdict(silence, new FakeFacts(a, b), (watch) => {
        watch.onUp!(knowing(a, 3))
        watch.onUp!(knowing(b, chosen))
        // What it knew once it knew, whatever it has forgotten since.
        watch.onUp!(knowing(b, 0))
        watch.onServing!(leading)
      })
    expect(fallsSilent(3)).toBeUndefined()
    expect(fallsSilent(2)).toContain("b has known 2 as chosen")
  })
})
