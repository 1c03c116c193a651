/** Bytes become lines, wherever they were cut. */
import { describe, expect, it } from "vitest"
import { BadLine, linesOf } from "./lines.ts"

const cut = (bytes: Buffer, sizeBytes: number): ReadonlyArray<Buffer> =>
  Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, at) =>
    bytes.subarray(at * sizeBytes, (at + 1) * sizeBytes)
  )

describe("the lines of bytes", () => {
  it("are the same wherever the bytes were cut, in the middle of a character as well", () => {
    const text = 'one\n\n{"a":"zwölf → 12 𝄞"}\nthe last has no end'
    for (const size of [1, 2, 3, 7, 100])
      expect([...linesOf(cut(Buffer.from(text), size))]).toEqual(text.split("\n"))
    expect([...linesOf(cut(Buffer.from("a\nb\n"), 1))]).toEqual(["a", "b"])
    expect([...linesOf([])]).toEqual([])
  })

  it("stay as they were where who reads uses one block again and again", () => {
    const block = Buffer.alloc(4)
    function* reused() {
      for (const part of ["ab\nc", "d\nef", "gh\ni"]) {
        block.write(part)
        yield block
      }
    }
    expect([...linesOf(reused())]).toEqual(["ab", "cd", "efgh", "i"])
  })

  it("are told by their number where they are no text", () => {
    const bytes = Buffer.concat([Buffer.from("one\ntwo "), Buffer.from([0xff]), Buffer.from("\nthree\n")])
    const read = () => [...linesOf(cut(bytes, 3))]
    expect(read).toThrow(BadLine)
    expect(read).toThrow("line 2 is no UTF-8 text")
  })
})
