/** Seeded bugs of the register that several masters keep. */
import { type Mutant, standstillLaw } from "./mutant.ts"

const core = "protocol/master/cas-paxos.ts"
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
    id: "register/a-write-does-not-promise",
    edits: [
      {
        file: core,
        find: "keep({ promised: ticket, accepted: ticket,",
        replace: "keep({ promised, accepted: ticket,"
      }
    ],
    law: "a keeper forgets nothing",
    why: "A keeper that missed the claim of what it accepted takes a late write of an older attempt.",
    scenarios: masters
  },
  {
    id: "register/quorum-of-one",
    edits: [
      {
        file: "protocol/master/seats.ts",
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
  },
  {
    id: "register/a-new-disk-takes-the-seat-of-the-old-one",
    edits: [
      {
        file: "protocol/master/seats.ts",
        find: "{ generation: seat.generation + 1, replica: self }",
        replace: "{ generation: seat.generation, replica: self }"
      }
    ],
    law: standstillLaw,
    why: "A seat that is no later than the one of the disk that was lost takes its place by chance only.",
    scenarios: ["lost-masters"]
  },
  {
    id: "register/a-new-disk-asks-one-keeper",
    edits: [
      {
        file: "actors/master/seat-taking.ts",
        find: "while (mine.complete.size < majorityOf(seats)) {",
        replace: "while (mine.complete.size < Math.min(1, majorityOf(seats))) {"
      }
    ],
    law: "one register",
    why: "The keeper that it asks may lack what the lost disk and another one have decided.",
    scenarios: ["lost-masters"]
  },
  {
    id: "register/a-restarted-master-waits-for-both-others",
    edits: [
      {
        file: "protocol/master/taking-seat.ts",
        find: "others.length + 1 >= majorityOf(seats)",
        replace: "others.length >= majorityOf(seats)"
      }
    ],
    law: standstillLaw,
    why: "It leaves itself out of the majority: where one of three is gone, no other may be restarted.",
    scenarios: ["lost-masters"]
  },
  {
    id: "register/an-attempt-is-begun-anew-before-it-is-answered",
    edits: [
      {
        file: "actors/master/register-replicated.ts",
        find: "if (waiting !== undefined) send(group, waiting.attempt.ask)",
        replace: "if (waiting !== undefined) return undefined"
      }
    ],
    law: standstillLaw,
    why: "Masters whose answers take longer than they wait for them never come to an end.",
    scenarios: ["far-masters-soon"]
  },
  {
    id: "master/is-given-up-however-far-away-it-is",
    edits: [
      {
        file: "actors/master/line.ts",
        find: "const paceMs = this.#paces.get(master)?.ms ?? 0",
        replace: "const paceMs = 0"
      }
    ],
    law: standstillLaw,
    why: "Each master is asked for the same thing before the first can answer, and they outbid each other.",
    scenarios: ["far-masters-soon"]
  },
  {
    id: "master/requests-of-a-group-side-by-side",
    edits: [
      {
        file: "actors/master/master.ts",
        find: "Effect.forEach(byGroup(batch), attend,",
        replace: "Effect.forEach(batch.map((message) => [message]), attend,"
      }
    ],
    law: standstillLaw,
    why: "Two requests that waited together find the same state, and what one of them wrote is written over.",
    scenarios: ["crowds"]
  }
]
