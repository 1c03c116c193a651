/** Files of checked blocks: whole or refused. */
import { describe, expect, it } from "vitest"
import { BlockReader, BlockWriter } from "./blocks.ts"

const contents = ["one", "", "three", "x".repeat(5000)].map((text) => new TextEncoder().encode(text))
const written = contents.filter((content) => content.length > 0)

const file = (): Array<Uint8Array> => {
  const writer = new BlockWriter()
  return [...written.map((content) => writer.block(content)), writer.end()]
}

const read = (bytes: Uint8Array, step: number) => {
  const seen: Array<string> = []
  const reader = new BlockReader((content) => {
    seen.push(new TextDecoder().decode(content))
    return undefined
  })
  let problem: string | undefined
  for (let at = 0; at < bytes.length && problem === undefined; at += step)
    problem = reader.push(bytes.subarray(at, at + step))
  return { seen, problem, ended: reader.ended }
}

const whole = new Uint8Array(Buffer.concat(file()))

describe("blocks", () => {
  it("come back as they were, however the file is cut into pieces", () => {
    for (const step of [1, 3, 8, 100, 10_000]) {
      const { seen, problem, ended } = read(whole, step)
      expect(problem).toBeUndefined()
      expect(ended).toBe(true)
      expect(seen).toEqual(written.map((content) => new TextDecoder().decode(content)))
    }
  })

  it("are refused where any one bit is another", () => {
    for (let at = 0; at < whole.length; at += at < 60 ? 1 : 97) {
      const bytes = whole.slice()
      bytes[at]! ^= 1
      const { problem, ended } = read(bytes, 4096)
      expect(problem !== undefined || !ended, `byte ${at}`).toBe(true)
    }
  })

  it("are refused where one is missing, doubled, or out of place", () => {
    const blocks = file()
    const [one, two, three, end] = blocks as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    for (const order of [
      [one, three, end],
      [one, one, two, three, end],
      [two, one, three, end],
      [one, two, three, end, end]
    ]) {
      expect(read(new Uint8Array(Buffer.concat(order)), 1 << 20).problem).toBeDefined()
    }
  })

  it("have not ended where the end is missing", () => {
    expect(read(whole.subarray(0, whole.length - 1), 1 << 20).ended).toBe(false)
  })
})
