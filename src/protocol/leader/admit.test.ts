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
    const second = admit(admit(nothing, settings, submission, 0).state, settings, submission, 0)
    expect(second.outputs).toEqual([])
    const third = admit(second.state, settings, submission, 0)
    expect(third.outputs).toMatchObject([{ _tag: "RefuseSubmit", refusal: { _tag: "Overloaded" } }])
    expect(third.state).toBe(second.state)
  })

  it("has room for one, however large, where nothing waits", () => {
    const settings = roomFor(bytes.length - 1)
    const first = admit(nothing, settings, submission, 0)
    expect([first.outputs, first.state.pending.length]).toEqual([[], 1])
    expect(admit(first.state, settings, submission, 0).outputs).toMatchObject([{ _tag: "RefuseSubmit" }])
  })

  it("takes no more of a client where it is late", () => {
    const settings = { ...defaultLeaderSettings, pendingMaxMs: 300 }
    const first = admit(nothing, settings, submission, 1000)
    const second = admit(first.state, settings, submission, 1300)
    expect([second.outputs, second.state.pending.length]).toEqual([[], 2])
    const third = admit(second.state, settings, submission, 1301)
    expect(third.outputs).toMatchObject([{ _tag: "RefuseSubmit", refusal: { _tag: "Overloaded" } }])
    // What waits behind the oldest counts from when it came.
    const behind = { ...second.state, pending: second.state.pending.slice(1) }
    expect(admit(behind, settings, submission, 1600).outputs).toEqual([])
  })

  it("takes something of every client, however late it is", () => {
    const settings = { ...defaultLeaderSettings, pendingMaxMs: 300 }
    const { state } = admit(nothing, settings, submission, 0)
    const other = { ...submission, client: ClientId("d") }
    const taken = admit(state, settings, other, 5000)
    expect([taken.outputs, taken.state.pending.length]).toEqual([[], 2])
    expect(admit(taken.state, settings, other, 5000).outputs).toMatchObject([{ _tag: "RefuseSubmit" }])
  })
})
