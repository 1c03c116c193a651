/** Seeded bugs of results that clients know before their leader does. */
import type { Mutant } from "./mutant.ts"

const told = "protocol/leader/told.ts"
const foretelling = "client/foretelling.ts"
const once = "acknowledged, and once"

export const foretellMutants: ReadonlyArray<Mutant> = [
  {
    id: "foretell/reads-do-not-wait-for-what-a-client-was-told",
    edits: [{ file: told, find: "slotMax(chosen, told)", replace: "chosen" }],
    law: "not-linearizable",
    why: "A client knows that its write is chosen, and the leader answers a read from before it.",
    scenarios: ["late", "rivals"]
  },
  {
    id: "foretell/rounds-do-not-wait-for-what-a-client-was-told",
    edits: [
      {
        file: "protocol/leader/serve.ts",
        find: "  const { round } = numbered\n  const slot = knownSlot(state)",
        replace: "  const { round } = numbered\n  const slot = state.chosen"
      }
    ],
    law: "not-linearizable",
    why: "Acceptors that owe a leader their acknowledgement answer its round: it reads from before that.",
    scenarios: ["reads"]
  },
  {
    id: "foretell/before-its-own-disk",
    edits: [{ file: told, find: " || !isSynced(progress)) return []", replace: ") return []" }],
    law: once,
    why: "A leader foretells a result before its own acceptor has synced the command.",
    scenarios: ["power", "rivals"]
  },
  {
    id: "foretell/one-acceptor-will-do",
    edits: [{ file: foretelling, find: "foretold.waitsFor.every(", replace: "foretold.waitsFor.some(" }],
    law: once,
    why: "A client does not wait for all acceptors.",
    scenarios: ["rivals"]
  },
  {
    id: "foretell/acceptor-tells-before-its-sync",
    edits: [
      {
        file: "protocol/acceptor/acceptor.ts",
        find: 'Array<Output> = [...notes, { _tag: "Persist", records, release }]',
        replace:
          "Array<Output> = [...notes, ...release.slice(0, -1), " +
          '{ _tag: "Persist", records, release: release.slice(-1) }]'
      }
    ],
    law: once,
    why: "An acceptor tells the client of what its disk does not hold yet.",
    scenarios: ["power", "rivals"]
  },
  {
    id: "foretell/forgets-that-a-command-may-have-run",
    edits: [
      {
        file: "protocol/learner/session.ts",
        find: "if (number <= Math.max(session.received, received) || session.replies.has(number)) return",
        replace: "if (number < 0) return"
      }
    ],
    law: once,
    why: "A command that is sent again is foretold a result at its second slot, where it does not run.",
    scenarios: ["retries"]
  },
  {
    id: "foretell/a-session-that-has-expired",
    edits: [
      {
        file: "protocol/learner/session.ts",
        find: "if (session === undefined || isExpired(sessions, session, atMs)) return false\n",
        replace: "if (session === undefined) return false\n"
      }
    ],
    law: once,
    why: "A command of a session that has expired is foretold a result, and does not run.",
    scenarios: ["expiries"]
  },
  {
    id: "foretell/counted-of-another-command",
    edits: [
      {
        file: told,
        find: "counted.slot !== told || told <= chosen) return state\n",
        replace: "told <= chosen) return state\n"
      }
    ],
    law: "chosen is durable everywhere",
    why: "A leader takes what a client has counted of an older command for the one that is under way.",
    scenarios: ["late", "rivals"]
  },
  {
    id: "foretell/a-debt-is-paid-before-its-sync",
    edits: [
      {
        file: "protocol/acceptor/owing.ts",
        find: 'outputs: [{ _tag: "Persist", records: [], release }]',
        replace: "outputs: release"
      }
    ],
    law: "chosen is durable everywhere",
    why: "An acknowledgement that was kept back leaves while the disk is still at it.",
    scenarios: ["power", "rivals"]
  },
  {
    id: "foretell/a-debt-is-replaced-by-an-older-one",
    edits: [
      {
        file: "protocol/acceptor/owing.ts",
        find: "debt: newest(owing.debt, { to, accepted, sinceMs: nowMs })",
        replace: "debt: newest(undefined, { to, accepted, sinceMs: nowMs })"
      }
    ],
    law: "what is owed is paid",
    why: "An old Accept takes the place of the newest acknowledgement, which its leader never hears.",
    scenarios: ["late"]
  },
  {
    id: "foretell/forgets-what-it-withholds",
    edits: [
      {
        file: "actors/answers/foreteller.ts",
        find: "if (before?.flat !== undefined && before.number > foreseen.received)",
        replace: "if (before?.flat !== undefined && before.number < 0)"
      }
    ],
    law: "withheld: a result that was kept back comes before the client asks again",
    why: "The next command takes the place of the result that its client lacks, which asks for it again.",
    scenarios: ["withheld"]
  }
]
