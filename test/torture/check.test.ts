/** Histories of several processes become one by their clock, and the checker judges that one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { judgeHistories } from "./check.ts"

const line = (process: string, time: number, type: string, f: string, value: unknown) =>
  JSON.stringify({ process, time, type, f, key: "x", value })

const judge = (...files: ReadonlyArray<ReadonlyArray<string>>) => {
  const directory = mkdtempSync(join(tmpdir(), "aplomb-judge-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const paths = files.map((lines, index) => {
    const path = join(directory, `${index}.jsonl`)
    writeFileSync(path, lines.join("\n"))
    return path
  })
  const merged = join(directory, "merged.jsonl")
  const { verdict } = judgeHistories(paths, merged)
  return { verdict, lines: readFileSync(merged, "utf8").trim().split("\n") }
}

const write = [line("a", 10, "invoke", "put", "1"), line("a", 20, "ok", "put", "1")]
const readOf = (fromTime: number, value: string | null) => [
  line("b", fromTime, "invoke", "get", null),
  line("b", fromTime + 5, "ok", "get", value)
]

describe("histories of several processes", () => {
  it("are merged by time, and a read after a write that misses it is refused", () => {
    assert.strictEqual(judge(write, readOf(30, "1")).verdict, "linearizable")
    assert.strictEqual(judge(write, readOf(30, null)).verdict, "not-linearizable")
    assert.strictEqual(judge(readOf(1, null), write).verdict, "linearizable")
  })

  it("overlap where one ends in the moment in which the other begins", () => {
    const { verdict, lines } = judge(write, readOf(20, null))
    assert.strictEqual(verdict, "linearizable")
    assert.match(lines[1]!, /"invoke","f":"get"/)
  })
})
