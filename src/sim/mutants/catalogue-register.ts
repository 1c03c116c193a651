/** Seeded bugs of the register that several masters keep. */
import type { Mutant } from "./mutant.ts"

const core = "protocol/cas-paxos.ts"
const masters = ["masters"]

export const registerMutants: ReadonlyArray<Mutant> = [
  {
    id: "register/promise-not-durable",
    edits: [
      {
        file: core,
        find: 'return keep(kept, { _tag: "Held", ...kept, ticket })',
        replace: 'return { keeper: seated, records, reply: { _tag: "Held", ...kept, ticket } }'
      }
    ],
    law: "one register",
    why: "A keeper forgets what it has promised, and takes part in an attempt below it (section 2).",
    scenarios: ["master-races"]
  },
  {
    id: "register/accepts-below-its-promise",
    edits: [
      {
        file: core,
        find:
          'case "Write": {\n      if (isAbove(promised, ticket)) ' +
          'return answer({ _tag: "Outbid", ticket, promised })',
        replace: 'case "Write": {'
      }
    ],
    law: "one register",
    why: "A keeper accepts a value of an attempt that was overtaken.",
    scenarios: masters
  },
  {
    id: "register/quorum-of-one",
    edits: [
      {
        file: "protocol/seats.ts",
        find: "Math.floor(seats.length / 2) + 1",
        replace: "1"
      }
    ],
    law: "one active configuration",
    why: "One keeper decides alone, and another one alone decides otherwise.",
    scenarios: masters
  },
  {
    id: "register/version-not-compared",
    edits: [
      {
        file: core,
        find: "if ((value?.version ?? 0) !== expected)",
        replace: "if (false)"
      }
    ],
    law: "one register",
    why: "A master writes over what another one wrote since it has read.",
    scenarios: masters
  }
]
