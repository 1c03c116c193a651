/** Tests of the buffer that frames are laid out in. */
import { describe, expect, it } from "vitest"
import { eachRecord, FrameBuffer, frameHeaderBytes, recordHeaderBytes } from "./records.ts"

const bodiesIn = (frame: Uint8Array): ReadonlyArray<string> => {
  const bodies: Array<string> = []
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  expect(eachRecord(frame, view, 0, ({ body }) => bodies.push(Buffer.from(body).toString()))).toBe(true)
  return bodies
}

describe("a frame buffer", () => {
  it("holds frames of every size, whatever was laid out before", () => {
    const usualBytes = 100_000
    const buffer = new FrameBuffer(usualBytes)
    const sizes = [10, 20_000, 5, 90_000, usualBytes, 300_000, 7, 250_000, 1, 60_000]
    for (const [sequence, size] of sizes.entries()) {
      const bodies = ["a".repeat(size - 1), String(sequence)]
      buffer.begin(frameHeaderBytes + 2 * recordHeaderBytes + size)
      for (const body of bodies) buffer.add(1, 2, body.length, [Buffer.from(body)])
      expect(bodiesIn(buffer.seal(sequence, 3))).toEqual(bodies)
    }
  })
})
