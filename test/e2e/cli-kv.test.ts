/** `aplomb status`, `aplomb kv` and `aplomb check-history` against a real cluster of processes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { reservedPrefix } from "../../src/cli/kv/connection.ts"
import { connect } from "../../src/client/aplomb.ts"
import { cli, type DevCluster, serve, startCli } from "../support/cli.ts"

let dev: DevCluster
const directory = mkdtempSync(join(tmpdir(), "aplomb-cli-"))

beforeAll(async () => {
  dev = await serve([])
}, 60_000)

afterAll(async () => {
  await dev.process.stop()
  rmSync(directory, { recursive: true, force: true })
})

const run = (words: ReadonlyArray<string>, stdin = "") => cli(words, { environment: dev.environment, stdin })
const kv = (...words: ReadonlyArray<string>) => run(["kv", ...words])

/** Returns when the store holds how far the load of this file came. */
const savesProgress = async (file: string) => {
  const aplomb = await connect({ servers: [dev.server], cluster: "dev" })
  onTestFinished(() => aplomb.close())
  for (;;) {
    for await (const { value } of aplomb.kv().list(`${reservedPrefix}load/`)) {
      const progress = JSON.parse(String(value))
      if (progress.file === file && progress.records > 0) return
    }
    await delay(20)
  }
}

describe("aplomb status", () => {
  it("shows nodes and groups as JSON and as a table", async () => {
    const { nodes, groups } = JSON.parse((await run(["status", "--json"])).stdout)
    expect(nodes.map((node: { id: string; state: string }) => [node.id, node.state])).toEqual([
      ["n1", "running"],
      ["n2", "running"],
      ["n3", "running"]
    ])
    expect(groups).toMatchObject([{ group: "main", leader: "n1", acceptors: ["n1", "n2", "n3"] }])
    expect((await run(["status"])).stdout).toMatch(/^main +n1 /m)
  })

  it("fails where nobody answers, and where there is no bus", async () => {
    const nobody = await run(["status", "--cluster", "nobody"])
    expect([nobody.exitCode, nobody.stderr]).toEqual([3, expect.stringContaining("no node of the cluster")])
    const bench = await run(["bench", "--cluster", "nobody", "--timeout", "1s"])
    expect([bench.exitCode, bench.stdout]).toEqual([3, ""])
    expect(bench.stderr).toMatch(/^aplomb: no node of the cluster "nobody" answers .*\n$/)
    const group = await kv("get", "color", "--group", "mian", "--timeout", "500ms")
    expect([group.exitCode, group.stdout]).toEqual([3, ""])
    expect(group.stderr).toMatch(/^aplomb: no node .* holds the group "mian"; it holds main\n$/)
    for (const words of ["transfer --to n2", "replace n3 n4"]) {
      const failed = await run([...words.split(" "), "--group", "mian", "--timeout", "500ms"])
      expect([failed.exitCode, failed.stdout, failed.stderr]).toEqual([3, "", group.stderr])
    }
    const noBus = await run(["status", "--servers", "127.0.0.1:9"])
    expect([noBus.exitCode, noBus.stderr]).toEqual([3, expect.stringContaining("no bus at 127.0.0.1:9")])
  })
})

describe("aplomb kv", () => {
  it("puts, gets, compares, lists and deletes, with exit code 1 where the answer is no", async () => {
    const revision = Number((await kv("put", "a/color", "green")).stdout.match(/\d+/)?.[0])
    expect((await kv("get", "a/color")).stdout).toBe("green\n")
    expect(JSON.parse((await kv("get", "a/color", "--json")).stdout)).toEqual({
      key: "a/color",
      value: "green",
      revision
    })
    const other = await kv("cas", "a/color", "1000000", "red")
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining(`at revision ${revision}`)])
    expect((await kv("cas", "a/color", String(revision), "blue")).exitCode).toBe(0)
    expect((await kv("list", "a/")).stdout).toMatch(/^a\/color\t\d+\tblue\n$/)
    const near = JSON.parse((await kv("get", "a/color", "--at-least", String(revision + 1), "--json")).stdout)
    expect(near).toMatchObject({ value: "blue" })
    expect(near.slot).toBeGreaterThan(revision)
    expect((await kv("get", "a/color", "--stale")).stdout).toMatch(/^(blue|green)\n$/)
    expect((await kv("list", "a/", "--at-least", String(revision + 1))).stdout).toMatch(/\tblue\n$/)
    const never = await kv("get", "a/color", "--at-least", "1000000", "--timeout", "2s")
    expect([never.exitCode, never.stderr]).toEqual([
      3,
      expect.stringContaining("no replica had applied slot 1000000 in time")
    ])
    const both = await kv("get", "a/color", "--stale", "--at-least", "1")
    expect([both.exitCode, both.stderr]).toEqual([2, expect.stringContaining("exclude each other")])
    expect((await kv("delete", "a/color")).stdout).toBe("deleted\n")
    const absent = await kv("get", "a/color")
    expect([absent.exitCode, absent.stderr]).toEqual([1, `aplomb: there is no key "a/color"\n`])
  })

  it("takes a value from stdin as it is", async () => {
    expect((await run(["kv", "put", "b", "-"], "two\nlines\n")).exitCode).toBe(0)
    expect(JSON.parse((await kv("get", "b", "--json")).stdout).value).toBe("two\nlines\n")
  })

  it("shows help for a flag that it does not know", async () => {
    const { exitCode, stdout, stderr } = await kv("get", "a", "--nonsense")
    expect(exitCode).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toMatch(/^aplomb: .*--nonsense.*\n$/)
  })

  it("loads a file once, and dumps what it loaded", async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `{"key":"load/${String(i).padStart(5, "0")}","value":"v${i}"}`
    )
    const path = join(directory, "all.jsonl")
    writeFileSync(path, `${lines.join("\n")}\n`)
    const first = JSON.parse((await kv("load", path, "--json")).stdout)
    expect(first).toMatchObject({ records: 20_000, skipped: 0 })
    expect(JSON.parse((await kv("load", path, "--json")).stdout)).toMatchObject({
      records: 0,
      skipped: 20_000
    })
    expect((await kv("dump", "load/")).stdout).toBe(`${lines.join("\n")}\n`)
    expect(JSON.parse((await kv("load", path, "--no-resume", "--json")).stdout)).toMatchObject({
      records: 20_000
    })
  })

  it("goes on after an interruption where everything before was acknowledged", async () => {
    const path = join(directory, "long.tsv")
    const count = 100_000
    writeFileSync(path, Array.from({ length: count }, (_, i) => `long/${i}\t${i}\n`).join(""))
    const loading = startCli(["kv", "load", path], { environment: dev.environment })
    await savesProgress("long.tsv")
    await loading.stop("SIGKILL")
    const { records, skipped } = JSON.parse((await kv("load", path, "--json")).stdout)
    expect(records + skipped).toBe(count)
    expect(skipped).toBeGreaterThan(0)
    expect((await kv("get", `long/${count - 1}`)).stdout).toBe(`${count - 1}\n`)
    expect((await kv("get", "long/0")).stdout).toBe("0\n")
  })

  it("stops at a line that is no record and says where; what comes before it is loaded", async () => {
    const path = join(directory, "bad.tsv")
    writeFileSync(path, "bad/1\tone\nbad/2\ttwo\nno tab here\nbad/4\tfour\n")
    const { exitCode, stderr } = await kv("load", path)
    expect(exitCode).toBe(2)
    expect(stderr).toContain("line 3: expected key TAB value")
    expect((await kv("get", "bad/2")).stdout).toBe("two\n")
    expect((await kv("get", "bad/4")).exitCode).toBe(1)
  })
})

describe("aplomb check-history", () => {
  it("says with its exit code whether a history is linearizable", async () => {
    expect((await cli(["check-history", "test/histories/kv-append.jsonl"])).exitCode).toBe(0)
    const picture = join(directory, "stale.svg")
    const stale = await cli(["check-history", "test/histories/stale-read.jsonl", "--svg", picture, "--json"])
    expect([stale.exitCode, JSON.parse(stale.stdout).verdict]).toEqual([1, "not-linearizable"])
    expect((await cli(["check-history", "-"], { stdin: "junk\n" })).exitCode).toBe(2)
  })
})
