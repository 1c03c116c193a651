/** A node that is a child does not outlive whoever held its stdin, however early that one goes. */
import { describe, expect, it } from "vitest"
import { runCommand } from "./run-command.test-support.ts"

describe("a node that is to stop with its stdin", () => {
  it("stops while it still waits for the bus", () => {
    const who = ["--cluster", "dev", "--node", "n1", "--nodes", "n1", "--data", "never-made"]
    const bus = ["--servers", "127.0.0.1:9", "--timeout", "0s"]
    const { status } = runCommand(["node", ...who, ...bus, "--stop-with-stdin"])
    expect(status).toBe(0)
  })
})
