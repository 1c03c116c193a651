/** A node that is a child does not outlive whoever held its stdin; and what a node warns of at its start. */
import { describe, expect, it } from "vitest"
import { warningOf } from "./node.ts"
import { runCommand } from "./run-command.test-support.ts"

describe("a node that is to stop with its stdin", () => {
  it("stops while it still waits for the bus", () => {
    const who = ["--cluster", "dev", "--node", "n1", "--nodes", "n1", "--data", "never-made"]
    const bus = ["--servers", "127.0.0.1:9", "--timeout", "0s"]
    const { status } = runCommand(["node", ...who, ...bus, "--stop-with-stdin"])
    expect(status).toBe(0)
  })
})

describe("a life of sessions that is shorter than clients take to show that they are there", () => {
  it("is warned of, with what to give instead", () => {
    expect(warningOf({ sessionTtlMs: 5000 })).toBe(
      '"sessionTtlMs" is 5000, and a client that writes nothing shows only every 15000 ms that it is ' +
        "there: it may lose its session; give 30000 or more"
    )
    expect(warningOf({ sessionTtlMs: 29_999 })).toContain("give 30000 or more")
    expect(warningOf({ sessionTtlMs: 30_000 })).toBeUndefined()
  })
})
