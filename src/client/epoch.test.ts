/** What a session has under way is counted from the oldest without a result: replicas keep all behind it. */
import { describe, expect, it } from "vitest"
import { SessionId } from "../protocol/ids.ts"
import { type Command, Epoch } from "./epoch.ts"

const command: Command = { bytes: new Uint8Array(1), done: () => {}, deadlineMs: 0 }
const outstandingMax = 8192

describe("a session", () => {
  it("takes 8,192 numbers from the oldest without a result on, whatever has come behind it", () => {
    const epoch = new Epoch(SessionId(1))
    const many = Array.from({ length: outstandingMax + 1 }, () => command)
    expect(epoch.addFirst(many)).toBe(outstandingMax)
    for (let number = 2; number <= outstandingMax; number++) epoch.settle(number)
    expect(epoch.size).toBe(1)
    expect(epoch.addFirst([command])).toBe(0)
    epoch.settle(1)
    expect(epoch.addFirst(many)).toBe(outstandingMax)
  })
})
