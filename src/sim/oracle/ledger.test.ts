/** Commands are known by their hashes: two that differ must not look like one that took effect twice. */
import { describe, expect, it } from "vitest"
import { CountedRandom } from "../kernel/random.ts"
import { wideHash } from "./ledger.ts"

describe("the hash of a command", () => {
  for (const lengthBytes of [40, 360]) {
    it(`tells a quarter of a million commands of ${lengthBytes} bytes apart, of which a part differs`, () => {
      const random = new CountedRandom(7)
      const bytes = new Uint8Array(lengthBytes)
      const hashes = new Set<number>()
      const count = 250_000
      for (let index = 0; index < count; index++) {
        for (let at = 10; at < 34; at++) bytes[at] = random.below(256)
        hashes.add(wideHash(bytes))
      }
      expect(hashes.size).toBe(count)
    })
  }
})
