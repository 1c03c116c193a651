/** What is to be refused is damaged where it must be: never in the last frame of a log, which may be torn. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { frameMagic } from "../../src/runtime/storage/records.ts"
import { seeded } from "../support/cluster-history.ts"
import { corruptFile, logEnd } from "./damage.ts"

const data = mkdtempSync(join(tmpdir(), "aplomb-damage-"))

afterEach(() => rmSync(data, { recursive: true, force: true }))

const frame = (lengthBytes: number): Uint8Array => {
  const bytes = new Uint8Array(lengthBytes).fill(7)
  bytes.set(frameMagic, 0)
  new DataView(bytes.buffer).setUint32(8, lengthBytes, true)
  return bytes
}

const segment = (number: number, ...lengths: ReadonlyArray<number>): Uint8Array => {
  const bytes = Buffer.concat([...lengths.map(frame), new Uint8Array(4096)])
  mkdirSync(join(data, "wal"), { recursive: true })
  writeFileSync(join(data, "wal", `${number}.log`), bytes)
  return bytes
}

const damagedFrom = (number: number, before: Uint8Array): number => {
  const after = readFileSync(join(data, "wal", `${number}.log`))
  return after.findLastIndex((byte, index) => byte !== before[index])
}

describe("damage that a node has to refuse", () => {
  it("lies before the last frame of a log with one segment, however large that frame is", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const before = segment(1, 100, 200, 5000)
      expect(corruptFile(data, seeded(seed))).toBeDefined()
      const at = damagedFrom(1, before)
      expect(at).toBeGreaterThanOrEqual(0)
      expect(at).toBeLessThan(300)
    }
  })

  it("is not done where the log has one frame only", () => {
    const before = segment(1, 5000)
    expect(corruptFile(data, seeded(1))).toBeUndefined()
    expect(damagedFrom(1, before)).toBe(-1)
  })

  it("lies in an older segment where there is one", () => {
    segment(2, 100)
    const before = segment(1, 5000)
    expect(corruptFile(data, seeded(1))).toBeDefined()
    expect(damagedFrom(1, before)).toBeGreaterThanOrEqual(0)
  })
})

describe("the end of a log", () => {
  it("is that of the newest segment which holds something, and needs no older one to be there", () => {
    segment(2, 100)
    const before = logEnd(data)
    // What a node removes just now is listed, and can no longer be read.
    symlinkSync(join(data, "nowhere"), join(data, "wal", "1.log"))
    segment(3)
    expect(logEnd(data)).toBe(before)
    segment(3, 50)
    expect(logEnd(data)).not.toBe(before)
  })
})
