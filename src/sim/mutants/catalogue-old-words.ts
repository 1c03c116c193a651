/** Seeded bugs that take words for true which are so no longer, or not yet. */
import { type Mutant, standstillLaw } from "./mutant.ts"

export const oldWordMutants: ReadonlyArray<Mutant> = [
  {
    id: "leader/counts-acknowledgements-of-another-ballot",
    edits: [
      {
        file: "protocol/replication/progress.ts",
        find:
          "if (before === undefined || message.ballot !== replication.configuration.ballot) " +
          "return replication.progress\n  const { lastSlot, round }",
        replace: "if (before === undefined) return replication.progress\n  const { lastSlot, round }"
      }
    ],
    law: "chosen is durable everywhere",
    why: "What an acceptor had in an earlier ballot of this leader it may have dropped since for another.",
    scenarios: ["old-words"]
  },
  {
    id: "leader/answers-before-its-activation",
    edits: [
      {
        file: "protocol/leader/leader.ts",
        find: 'if (state._tag === "Deposed" || state.held === undefined) return',
        replace:
          'if (state._tag === "Awaiting" && inputs[0]?._tag === "Query") return stay(state, ' +
          '{ _tag: "Answer", slot: state.boundThrough, queries: [inputs[0]], lease: undefined })\n' +
          '  if (state._tag === "Deposed" || state.held === undefined) return'
      }
    ],
    law: "not-linearizable",
    why: "A leader that waits for its activation answers from what it carried, and another one leads.",
    scenarios: ["unanswered"]
  },
  {
    id: "detector/gives-back-only-what-it-believes",
    edits: [
      {
        file: "protocol/liveness/detector.ts",
        find: "doubted !== undefined && nowMs - doubted.heardAtMs < state.settings.failureTimeoutMs",
        replace: "doubted !== undefined && nowMs < doubted.heardAtMs"
      }
    ],
    law: standstillLaw,
    why: "Two nodes that heard old beats of each other when they began wait for each other for ever.",
    scenarios: ["old-beats"]
  },
  {
    id: "detector/believes-any-other-life",
    edits: [
      {
        file: "protocol/liveness/detector.ts",
        find: "if (isOther && (echo?.sentAtMs ?? Number.NEGATIVE_INFINITY) <= before.echoedMs) {",
        replace: "if (isOther && before.echoedMs > nowMs) {"
      }
    ],
    law: standstillLaw,
    why: "Beats of two lives that are over come in turns, and each counts as that of a node just restarted.",
    scenarios: ["old-lives"]
  },
  {
    id: "operators/ask-without-a-pass",
    edits: [
      {
        file: "actors/leadership/operators.ts",
        find: "if (!passes.isGood(pass, monotonicMs())) return givePass(ask)",
        replace: "if (pass === undefined) return givePass(ask)"
      }
    ],
    law: "operations: a drained node is not made an acceptor",
    why: "A copy of what an operator asked long ago takes back a node that was drained since.",
    scenarios: ["old-requests"]
  },
  {
    id: "master/does-old-drains",
    edits: [{ file: "protocol/master/master.ts", find: " && request.drains === state.drains", replace: "" }],
    law: "operations: a drained node is not made an acceptor",
    why: "A copy of what a leader asked the master long ago takes back a node that was drained since.",
    scenarios: ["old-requests"]
  },
  {
    id: "master/a-drain-leaves-what-was-issued-before",
    edits: [{ file: "protocol/master/master.ts", find: "? withoutWhoIsOut({", replace: "? ({" }],
    law: "operations: a drained node is not made an acceptor",
    why: "A ballot that brings in a node becomes active after an operator was told that the node is out.",
    scenarios: ["operated-rivals"]
  }
]
