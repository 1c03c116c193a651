/** A benchmark whose cluster goes away in the middle ends, and says why. */
import { describe, expect, it } from "vitest"
import { startCli } from "../support/cli.ts"

describe("aplomb bench", () => {
  for (const rows of [
    ["--outstanding", "1,2,4,8"],
    ["--outstanding", "2,4,8", "--clients", "2"]
  ])
    it(`ends soon after the bus is gone: ${rows.join(" ")}`, async () => {
      const dev = startCli(["dev", "--nodes", "1"])
      await dev.says(/^ready$/m)
      const servers = (await dev.says(/--servers (\S+)/))[1]!
      const words = ["bench", "--servers", servers, "--timeout", "2s", "--for", "200ms", ...rows]
      const bench = startCli(words)
      await bench.says(/^put /m)
      await dev.stop()
      const goneMs = Date.now()
      const { exitCode, stderr } = await bench.ended
      expect(Date.now() - goneMs).toBeLessThan(15_000)
      expect(stderr).toBe(`aplomb: the bus at ${servers} went away and did not come back within 2000 ms\n`)
      expect(exitCode).toBe(3)
    })
})
