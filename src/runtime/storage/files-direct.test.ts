/** Writes past the cache change what they are to change, and nothing beside it. */
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { drawing } from "../drawn.test-support.ts"
import { type DirectFile, DirectWindow, openDirect } from "./files-direct.ts"

const sizeBytes = 3 << 20
let directory: string
const opened: Array<number> = []

beforeEach(() => {
  directory = fs.mkdtempSync(`${tmpdir()}/aplomb-direct-`)
})
afterEach(() => {
  for (const descriptor of opened.splice(0)) fs.closeSync(descriptor)
  fs.rmSync(directory, { recursive: true, force: true })
})

/** A file that is full of something; undefined where this file system takes no such writes. */
const make = (name: string, content: Uint8Array): DirectFile | undefined => {
  const path = `${directory}/${name}`
  fs.writeFileSync(path, content)
  const direct = openDirect(path, content.length)
  if (direct === undefined) return undefined
  const descriptor = fs.openSync(path, "r")
  opened.push(direct, descriptor)
  return { descriptor, direct, sizeBytes: content.length }
}

describe("writes past the cache", () => {
  it("leave two files as the same writes leave two arrays, wherever they begin and end", () => {
    const draw = drawing(7)
    const models = ["a", "b"].map(() => new Uint8Array(sizeBytes).map((_, at) => at % 251))
    const files = models.map((model, index) => make(`${index}`, model))
    if (files.includes(undefined)) return
    const window = new DirectWindow()
    for (let write = 0; write < 300; write++) {
      const which = draw(8) === 0 ? 1 : 0
      const lengthBytes = 1 + draw(draw(10) === 0 ? 900_000 : 6000)
      const offset = draw(sizeBytes - lengthBytes)
      const bytes = new Uint8Array(lengthBytes).fill(1 + draw(255))
      window.write(files[which]!, offset, bytes)
      models[which]!.set(bytes, offset)
    }
    for (const [index, model] of models.entries())
      expect(Buffer.compare(fs.readFileSync(`${directory}/${index}`), model)).toBe(0)
  })

  it("are read at once by way of the cache, one after the other as a log is written", () => {
    const file = make("log", new Uint8Array(sizeBytes))
    if (file === undefined) return
    const window = new DirectWindow()
    // Across the end of what the window holds.
    const start = (512 << 10) - 50_000
    for (let offset = start, step = 0; step < 600; offset += 171, step++) {
      window.write(file, offset, new Uint8Array(171).fill(step), true)
      if (step % 50 !== 0) continue
      const read = new Uint8Array(171)
      fs.readSync(file.descriptor, read, 0, 171, offset)
      expect(read.every((byte) => byte === step % 256)).toBe(true)
    }
    const whole = fs.readFileSync(`${directory}/log`)
    const end = start + 600 * 171
    for (let step = 0; step < 600; step++) expect(whole[start + step * 171]).toBe(step % 256)
    expect(whole.subarray(end).every((byte) => byte === 0)).toBe(true)
  })

  it("go on from what they hold, in steps that are larger and smaller than that", () => {
    const draw = drawing(11)
    for (let file = 0; file < 4; file++) {
      const log = make(`${file}`, new Uint8Array(sizeBytes))
      if (log === undefined) return
      const model = new Uint8Array(sizeBytes)
      const window = new DirectWindow()
      // A log that was there before: what stands in front of the first write is known to the disk alone.
      let offset = file === 0 ? 0 : 1 + draw(9000)
      new DirectWindow().write(log, 0, model.subarray(0, offset).fill(7), true)
      for (;;) {
        const lengthBytes = [1 + draw(300), 1 + draw(9000), 4096, 1 + draw(700_000)][draw(4)]!
        if (offset + lengthBytes > sizeBytes) break
        const bytes = new Uint8Array(lengthBytes).fill(1 + draw(255))
        window.write(log, offset, bytes, true)
        model.set(bytes, offset)
        offset += lengthBytes
      }
      expect(Buffer.compare(fs.readFileSync(`${directory}/${file}`), model)).toBe(0)
    }
  })

  it("do not ask the device for what they hold", () => {
    const log = make("log", new Uint8Array(sizeBytes))
    if (log === undefined) return
    const window = new DirectWindow()
    // Nothing can be read through this: the first write begins a block, the others go on from it.
    const blind = { ...log, descriptor: -1 }
    for (let offset = 0; offset + 20_000 < sizeBytes; offset += 20_000)
      window.write(blind, offset, new Uint8Array(20_000).fill(offset % 251), true)
    expect(() => new DirectWindow().write(blind, 20_000, new Uint8Array(1), true)).toThrow()
    const whole = fs.readFileSync(`${directory}/log`)
    for (let offset = 0; offset + 20_000 < sizeBytes; offset += 20_000)
      expect([whole[offset], whole[offset + 19_999]]).toEqual([offset % 251, offset % 251])
  })

  it("are left to others where the file does not end with a block, or is not there", () => {
    fs.writeFileSync(`${directory}/odd`, new Uint8Array(5000))
    expect(openDirect(`${directory}/odd`, 5000)).toBeUndefined()
    expect(openDirect(`${directory}/none`, 4096)).toBeUndefined()
  })

  it("see what else was written to the file when they come back to it", () => {
    const files = ["a", "b"].map((name) => make(name, new Uint8Array(sizeBytes)))
    const [a, b] = files
    if (a === undefined || b === undefined) return
    const window = new DirectWindow()
    window.write(a, 0, new Uint8Array(10).fill(1))
    window.write(b, 0, new Uint8Array(10).fill(2))
    const other = new DirectWindow()
    other.write(a, 10, new Uint8Array(10).fill(3))
    window.write(a, 20, new Uint8Array(10).fill(4))
    const first = fs.readFileSync(`${directory}/a`)
    expect([first[0], first[10], first[20]]).toEqual([1, 3, 4])
  })
})
