/** What is said where nobody answers: too early to know is another thing than no bus at all. */
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { runCommand } from "./run-command.test-support.ts"

/** The address of a server that takes connections and says nothing. */
const silentServer = async (): Promise<string> => {
  const server = createServer().listen(0, "127.0.0.1")
  onTestFinished(() => void server.close())
  await once(server, "listening")
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe("a command that asks a cluster", () => {
  it("says for how long it has waited where nobody answered or refused, and what to do", async () => {
    const servers = await silentServer()
    const advice = "give a longer --timeout or other --servers"
    for (const command of ["kv get a", "drain n1", "log tail", "bench"]) {
      const { status, stderr } = runCommand([...command.split(" "), "--servers", servers, "--timeout", "1ms"])
      expect(stderr).toBe(`aplomb: nobody answered at ${servers} within 1 ms; ${advice}\n`)
      expect(status).toBe(3)
    }
  })

  it("says that there is no bus where it was refused", () => {
    for (const command of ["kv get a", "status", "bench"]) {
      const words = [...command.split(" "), "--servers", "127.0.0.1:9", "--timeout", "1900ms"]
      const { status, stderr } = runCommand(words)
      const advice = "start one with scripts/start or give --servers"
      expect(stderr).toBe(`aplomb: no bus at 127.0.0.1:9; ${advice}\n`)
      expect(status).toBe(3)
    }
  })
})
