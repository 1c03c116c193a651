/** Tests of the content of simulated files. */
import { describe, expect, it } from "vitest"
import { SectorFile, sectorBytes } from "./sectors.ts"

const filled = (lengthBytes: number, first: number) =>
  Uint8Array.from({ length: lengthBytes }, (_, index) => (first + index) % 251)

describe("a file of sectors", () => {
  it("gives back what was written, and zeros elsewhere, whatever its size", () => {
    for (const sizeBytes of [1, 511, 512, 513, 4096, 4097, 9000, 1 << 20]) {
      const file = new SectorFile(sizeBytes)
      const expected = new Uint8Array(sizeBytes)
      for (const [at, lengthBytes] of [
        [0, 1],
        [sizeBytes >> 1, sizeBytes >> 2],
        [sizeBytes - 1, 1]
      ] as const) {
        const bytes = filled(lengthBytes, at)
        file.write(at, bytes)
        expected.set(bytes, at)
      }
      expect(Buffer.compare(file.read(0, sizeBytes + 10), expected)).toBe(0)
      expect(Buffer.compare(file.copy().read(0, sizeBytes), expected)).toBe(0)
    }
  })

  it("tells the last sectors of what was written, the last one as long as the file leaves it", () => {
    for (const sizeBytes of [100, 512, 1000, 4096, 5000, 20_000, 1 << 20]) {
      const file = new SectorFile(sizeBytes)
      file.write(0, filled(Math.min(sizeBytes, 700), 1))
      file.write(sizeBytes - 1, filled(1, 2))
      for (const count of [0, 1, 8, 100]) {
        const sectors = count === 0 ? [] : file.writtenSectors().slice(-count)
        const expected = sectors.map((sector) => file.read(sector * sectorBytes, sectorBytes))
        expect(file.lastWritten(count)).toEqual(expected)
      }
    }
  })
})
