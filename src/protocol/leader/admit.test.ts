/** What a leader takes from clients is bounded, and whoever is refused can get in some time. */
import { describe, expect, it } from "vitest"
import { ClientId } from "../ids.ts"
import { openEntry } from "../log/entry.ts"
import type { Submit } from "../messages.ts"
import { admit, type Gathered } from "./admit.ts"
import { defaultLeaderSettings } from "./input.ts"

const bytes = openEntry(ClientId("c"))
const submission = { _tag: "Submit", client: ClientId("c"), submission: 1, bytes } as unknown as Submit
const nothing: Gathered = { pending: [], pendingBytes: 0, newReads: [] }
const roomFor = (pendingMaxBytes: number) => ({ ...defaultLeaderSettings, pendingMaxBytes })

describe("a leader that gathers submissions", () => {
  it("tells those for which there is no room to come again", () => {
    const settings = roomFor(2 * bytes.length)
    const second = admit(admit(nothing, settings, submission).state, settings, submission)
    expect(second.outputs).toEqual([])
    const third = admit(second.state, settings, submission)
    expect(third.outputs).toMatchObject([{ _tag: "RefuseSubmit", refusal: { _tag: "Overloaded" } }])
    expect(third.state).toBe(second.state)
  })

  it("has room for one, however large, where nothing waits", () => {
    const settings = roomFor(bytes.length - 1)
    const first = admit(nothing, settings, submission)
    expect([first.outputs, first.state.pending.length]).toEqual([[], 1])
    expect(admit(first.state, settings, submission).outputs).toMatchObject([{ _tag: "RefuseSubmit" }])
  })
})
