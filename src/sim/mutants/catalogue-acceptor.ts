/** Seeded bugs of the acceptor and of what stands between its decisions and its disk. */
import type { Mutant } from "./mutant.ts"

const acceptor = "protocol/acceptor/acceptor.ts"
const interpret = "actors/interpret.ts"
const rivals = ["rivals"]

export const acceptorMutants: ReadonlyArray<Mutant> = [
  {
    id: "acceptor/votes-below-promise",
    edits: [
      {
        file: acceptor,
        find: "if (configuration.ballot < state.promised) {",
        replace: 'if (message._tag === "Prepare" && configuration.ballot < state.promised) {'
      }
    ],
    law: "promises never fall",
    why:
      "An acceptor votes in a ballot below the one it promised; the newer leader " +
      "read a log without that vote.",
    scenarios: rivals
  },
  {
    id: "acceptor/promise-not-persisted",
    edits: [
      {
        file: acceptor,
        find: 'records: [{ _tag: "Promised", ballot: configuration.ballot }],',
        replace: "records: [],"
      }
    ],
    law: "promises never fall",
    why: "A promise lives in memory only: after a restart the acceptor helps a leader that was overtaken.",
    scenarios: rivals
  },
  {
    id: "acceptor/prepared-before-sync",
    edits: [
      {
        file: acceptor,
        find:
          '{ _tag: "Persist", records: promised.records, release: [reply(configuration.leader, ' +
          "prepared)] }",
        replace:
          '{ _tag: "Persist", records: promised.records, release: [] }, reply(configuration.leader, prepared)'
      }
    ],
    law: "promises never fall",
    why: "Prepared leaves before the promise is durable; a power cut takes the promise back.",
    scenarios: rivals
  },
  {
    id: "acceptor/accepted-before-sync",
    edits: [
      {
        file: acceptor,
        find: 'Array<Output> = [...notes, { _tag: "Persist", records, release }]',
        replace: 'Array<Output> = [...notes, { _tag: "Persist", records, release: [] }, ...release]'
      }
    ],
    law: "chosen is durable everywhere",
    why: "Accepted leaves before the entries are durable: what is chosen can be lost with the power.",
    scenarios: rivals
  },
  {
    id: "acceptor/acknowledges-its-own-end",
    edits: [
      {
        file: acceptor,
        find: "const lastSlot = runsLast(runs, prevSlot)",
        replace: "const lastSlot = slotMax(log.last, runsLast(runs, prevSlot))"
      }
    ],
    law: "agreement",
    why:
      "An acknowledgement covers a suffix of an older ballot that the leader " +
      "does not have (a trap of section 3).",
    scenarios: rivals
  },
  {
    id: "acceptor/acknowledges-one-too-many",
    edits: [
      {
        file: acceptor,
        find: '{ _tag: "Accepted", ballot, lastSlot, round',
        replace: '{ _tag: "Accepted", ballot, lastSlot: slotPlus(lastSlot, 1), round'
      }
    ],
    law: "chosen is durable everywhere",
    why: "The acknowledgement is off by one: a slot counts as chosen before it is written.",
    scenarios: rivals
  },
  {
    id: "acceptor/accepts-over-a-gap",
    edits: [
      {
        file: acceptor,
        find: "if (prevSlot > log.last || log.ballotAt(prevSlot) !== prevSlotBallot) {",
        replace: "if (false) {"
      }
    ],
    law: "log matching",
    why: "Entries are appended although what is before them is missing or of another ballot.",
    scenarios: rivals
  },
  {
    id: "acceptor/accepts-behind-another-ballot",
    edits: [
      {
        file: acceptor,
        find: "if (prevSlot > log.last || log.ballotAt(prevSlot) !== prevSlotBallot) {",
        replace: "if (prevSlot > log.last) {"
      }
    ],
    law: "log matching",
    why: "The ballot before the entries is not compared, so a stale prefix stays under a new suffix.",
    scenarios: rivals
  },
  {
    id: "acceptor/keeps-a-conflicting-suffix",
    edits: [
      {
        file: acceptor,
        find: "if (log.ballotAt(run.first) !== run.ballot) return run.first",
        replace: "if (log.ballotAt(run.first) === undefined) return run.first"
      }
    ],
    law: "log matching",
    why: "An entry of an older ballot is taken for the one that is sent.",
    scenarios: rivals
  },
  {
    id: "acceptor/duplicate-overwrites",
    edits: [
      {
        file: acceptor,
        find: "if (log.ballotAt(run.first) !== run.ballot) return run.first",
        replace: "if (run.first > 0) return run.first"
      }
    ],
    law: "chosen values survive",
    why: "A duplicate that arrives late replaces its slots, and with them drops all that came after.",
    scenarios: rivals
  },
  {
    id: "acceptor/watermark-ahead-of-its-log",
    edits: [
      {
        file: acceptor,
        find: "slotMax(state.chosen, slotMin(message.chosen, lastSlot))",
        replace: "slotMax(state.chosen, lastSlot)"
      }
    ],
    law: "applied is chosen",
    why: "A follower applies what it has voted for, chosen or not.",
    scenarios: rivals
  },
  {
    id: "acceptor/any-replica-answers-prepare",
    edits: [
      { file: acceptor, find: "if (!isAcceptorOf(prev, state.self))", replace: "if (false)" },
      { file: "protocol/leader/find-safe.ts", find: "isAcceptorOf(prev, from)", replace: "true" },
      { file: "protocol/leader/prepare.ts", find: "isAcceptorOf(state.prev, state.self)", replace: "true" }
    ],
    law: "chosen values survive",
    why: "A replica that is no acceptor of the previous configuration counts as its read quorum.",
    scenarios: rivals
  },
  {
    id: "interpret/releases-before-sync",
    edits: [
      {
        file: interpret,
        find: "for (const free of output.release) this.#gated.push(free)",
        replace: "for (const free of output.release) perform(this.#hands, free)"
      }
    ],
    law: "chosen is durable everywhere",
    why: "The interpreter performs at once what a core gated behind a durable write.",
    scenarios: rivals
  },
  {
    id: "interpret/answers-after-a-failed-write",
    edits: [
      {
        file: interpret,
        find: "if (failure !== undefined) onFailure(failure)\n      else for",
        replace: "if (failure !== undefined) onFailure(failure)\n      for"
      }
    ],
    law: "chosen is durable everywhere",
    why: "What waited for a write leaves although the write failed.",
    scenarios: ["bad-disks"]
  }
]
