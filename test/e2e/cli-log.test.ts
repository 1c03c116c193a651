/** `aplomb log tail`, and nodes that learn without voting, as processes over a real bus. */
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { cli, startCli, startDev, temporaryDirectory } from "../support/cli.ts"

const lines = (stdout: string): ReadonlyArray<Record<string, unknown>> =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))

describe("aplomb log tail", () => {
  it("prints chosen entries with their decoded commands, and goes on as more are chosen", async () => {
    const { environment } = await startDev(["--nodes", "1"])
    await cli(["kv", "put", "color", "green"], { environment })
    const all = lines((await cli(["log", "tail", "--from", "1", "--json"], { environment })).stdout)
    expect(all.map(({ slot }) => slot)).toEqual(all.map((_, index) => index + 1))
    const written = all.find(({ kind }) => kind === "command")
    expect(written).toMatchObject({ command: { _tag: "Put", key: "color", value: "green" }, number: 1 })
    const following = startCli(["log", "tail", "--follow"], { environment })
    await following.says(/"green"/)
    await cli(["kv", "put", "color", "blue"], { environment })
    await following.says(/"blue"/)
  })
})

describe("a learner", () => {
  it("catches up with a log that was there before, survives a restart, shows in the status", async () => {
    const directory = temporaryDirectory()
    const { environment } = await startDev(["--nodes", "1", "--data", directory])
    const records = Array.from({ length: 20_000 }, (_, i) => `k${i}\t${i}\n`).join("")
    await cli(["kv", "load", "-", "--format", "tsv"], { environment, stdin: records })
    const groups = JSON.stringify([{ name: "main", acceptors: ["n1"], learners: ["n2"] }])
    const words = ["node", "--cluster", "dev", "--node", "n2", "--nodes", "n1,n2", "--groups", groups]
    const learner = () => startCli([...words, "--data", join(directory, "n2")], { environment })
    const caughtUp = async () => {
      for (const endMs = Date.now() + 90_000; Date.now() < endMs; await delay(100)) {
        const status = await cli(["status", "--json"], { environment })
        const [main] = JSON.parse(status.stdout).groups
        if (main.applied.n2 === main.chosen) return main
      }
      throw new Error("the learner did not catch up")
    }
    {
      const node = learner()
      await node.says(/listens/)
      expect(await caughtUp()).toMatchObject({ learners: ["n2"], acceptors: ["n1"] })
      await node.stop()
    }
    await cli(["kv", "put", "later", "1"], { environment })
    const again = learner()
    await again.says(/listens/)
    expect((await caughtUp()).chosen).toBeGreaterThan(20_000)
  })
})
