/** Histories that are longer than one text of the engine may be. */
import { constants } from "node:buffer"
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runCommand } from "../../src/cli/run-command.test-support.ts"

const directory = mkdtempSync(join(tmpdir(), "aplomb-large-"))
const textMax = constants.MAX_STRING_LENGTH

afterAll(() => rmSync(directory, { recursive: true }))

const line = (process: number, type: string, f: string, value: unknown, more = {}) =>
  `${JSON.stringify({ process, type, f, key: "x", value, ...more })}\n`

const checked = (path: string) => {
  const { status, stdout } = runCommand(["check-history", path, "--json"])
  return { status, json: JSON.parse(stdout) }
}

describe("a large history", () => {
  it("is read to its end, where it contradicts itself", () => {
    const path = join(directory, "many-lines.jsonl")
    const file = openSync(path, "w")
    const wide = line(0, "ok", "write", null, { note: "n".repeat(1 << 20) })
    const count = (textMax >> 20) + 2
    for (let value = 1; value <= count; value++) writeSync(file, line(0, "invoke", "write", value) + wide)
    writeSync(file, line(1, "invoke", "read", null) + line(1, "ok", "read", 1))
    closeSync(file)
    expect(statSync(path).size).toBeGreaterThan(textMax)
    const { status, json } = checked(path)
    expect(json).toMatchObject({ verdict: "not-linearizable", operations: count + 1 })
    expect(json.contradiction.position).toBe(2 * count + 2)
    expect(status).toBe(1)
  })

  it("is not understood where one of its lines is longer than a text may be", () => {
    const path = join(directory, "long-line.jsonl")
    const file = openSync(path, "w")
    writeSync(file, line(0, "invoke", "read", null))
    closeSync(file)
    truncateSync(path, textMax + 1000)
    const { status, json } = checked(path)
    expect([status, json.verdict, json.line]).toEqual([2, "not-understood", 2])
    expect(json.reason).toMatch(/long-line.jsonl cannot be read: line 2 is too long: it has \d+ bytes$/)
  })
})
