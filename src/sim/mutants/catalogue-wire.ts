/** Seeded bugs between a message and its bytes. */
import type { Mutant } from "./mutant.ts"

export const wireMutants: ReadonlyArray<Mutant> = [
  {
    id: "wire/damaged-packets-are-taken",
    edits: [
      {
        file: "wire/packet.ts",
        find: 'if (!isSealed(bytes)) return "damaged"',
        replace: "isSealed(bytes)"
      }
    ],
    law: "chosen is durable everywhere",
    why: "A packet with a flipped bit in one of its values is taken for what its sender said.",
    scenarios: ["damage"]
  }
]
