/** Seeded bugs of leases and of reads from replicas. */
import { type Mutant, standstillLaw } from "./mutant.ts"

const acceptor = "protocol/acceptor/acceptor.ts"
const lease = "protocol/acceptor/lease.ts"
const serve = "protocol/leader/serve.ts"
const scenarios = ["lease-races"]
const law = "one lease"

export const leaseMutants: ReadonlyArray<Mutant> = [
  {
    id: "lease/margin-left-out",
    edits: [{ file: lease, find: "forMs * (1 - maxClockDrift)", replace: "forMs" }],
    law,
    why: "A leader with a slow clock reads on when acceptors with fast clocks have promised.",
    scenarios
  },
  {
    id: "lease/counted-from-the-answer",
    edits: [
      {
        file: serve,
        find: "leaseFrom(sendings, message.round, message.grantedMs, settings.maxClockDrift)",
        replace: "leaseFrom(sendings, Number.MAX_SAFE_INTEGER, message.grantedMs, settings.maxClockDrift)"
      }
    ],
    law,
    why: "The acceptor counts from when the Accept came; its answer may have been on the way for long.",
    scenarios
  },
  {
    id: "lease/restart-does-not-wait",
    edits: [{ file: lease, find: "notedMs > 0 ? nowMs + notedMs : 0", replace: "0" }],
    law,
    why: "A restarted acceptor has forgotten its promise and answers at once (a trap of section 6).",
    scenarios
  },
  {
    id: "lease/duration-is-not-noted",
    edits: [
      {
        file: acceptor,
        find: "if (notedMs !== state.grants.notedMs) records.push",
        replace: "if (notedMs < 0) records.push"
      }
    ],
    law,
    why: "An acceptor that does not write down how long it may have granted does not wait after a restart.",
    scenarios
  },
  {
    id: "lease/shorter-note-at-once",
    edits: [
      {
        file: lease,
        find: "return durationMs > notedMs || nowMs >= formerUntilMs ? durationMs : notedMs",
        replace: "return durationMs"
      }
    ],
    law,
    why: "A lease that a restart has shortened is noted at once: the next restart forgets the longer one.",
    scenarios: ["shorter-leases"]
  },
  {
    id: "lease/own-acceptor-exempt",
    edits: [
      {
        file: acceptor,
        find: "!mustWait(grants, leader, nowMs)) return prepare",
        replace: "!mustWait(grants, leader, nowMs) || sameReplica(leader, state.self)) return prepare"
      }
    ],
    law,
    why: "A candidate does not wait for the promise of the acceptor beside it (a trap of section 6).",
    scenarios
  },
  {
    id: "lease/nobody-waits",
    edits: [{ file: lease, find: "nowMs < grants.untilMs &&", replace: "false &&" }],
    law,
    why: "Acceptors grant leases and do not keep to them.",
    scenarios
  },
  {
    id: "lease/of-a-majority",
    edits: [
      {
        file: "protocol/leader/held-lease.ts",
        find: "let least = Number.MAX_SAFE_INTEGER\n",
        replace:
          "const sorted = [...progress.values()].map((of) => of.leaseUntilMs).sort((a, b) => b - a)\n" +
          "  if (sorted.length > 0) return sorted[Math.floor(sorted.length / 2)]!\n" +
          "  let least = Number.MAX_SAFE_INTEGER\n"
      }
    ],
    law,
    why: "A lease of a majority, while any single acceptor is enough for a new ballot.",
    scenarios
  },
  {
    id: "lease/checked-before-the-answer-only",
    edits: [
      { file: "actors/answers/answering.ts", find: "lease === undefined || leads(lease)", replace: "true" },
      {
        file: "actors/leader.ts",
        find: "const nowMs = options.nowMs()",
        replace: "const nowMs = lookedMs\n      lookedMs = options.nowMs()"
      },
      {
        file: "actors/leader.ts",
        find: "let state: LeaderState = idleLeader(options.self)",
        replace: "let lookedMs = options.nowMs()\n  let state: LeaderState = idleLeader(options.self)"
      }
    ],
    law: "not-linearizable",
    why: "The clock was read, then the process stood still, then the question was taken: no look after it.",
    scenarios: ["lease-standstills"]
  },
  {
    id: "lease/release-forgets-a-later-one",
    edits: [
      {
        file: lease,
        find: "grants.ballot === ballot && grants.holder !== undefined && sameReplica(grants.holder, from)",
        replace: "grants.holder !== undefined"
      }
    ],
    law,
    why: "A Release that comes late gives back the lease of a leader that has one by now.",
    scenarios: ["lease-releases"]
  },
  {
    id: "lease/granted-although-promised-higher",
    edits: [
      {
        file: acceptor,
        find:
          'return stay(state, reply(from, { _tag: "Nack", ballot: configuration.ballot, ' +
          "promised: state.promised }))",
        replace:
          'if (message._tag === "Accept" && message.runs.length === 0) return stay(state, reply(from, ' +
          '{ _tag: "Accepted", ballot: configuration.ballot, lastSlot: message.prevSlot, ' +
          "round: message.round, grantedMs: message.leaseMs }))\n" +
          '    return stay(state, reply(from, { _tag: "Nack", ballot: configuration.ballot, ' +
          "promised: state.promised }))"
      }
    ],
    law,
    why: "An acceptor renews the lease of a leader though it has promised a higher ballot.",
    scenarios
  },
  {
    id: "reads/stale-as-linearizable",
    edits: [
      {
        file: "client/call-options.ts",
        find: 'if (consistency === "linearizable") return undefined',
        replace: 'if (consistency === "linearizable") return 0'
      }
    ],
    law: "not-linearizable",
    why: "Whatever replica is near answers a question for the newest state.",
    scenarios: ["races"]
  },
  {
    id: "reads/replica-does-not-wait",
    edits: [
      { file: "actors/answers/answering.ts", find: "query.atLeast <= applied", replace: "query.atLeast >= 0" }
    ],
    law: "always",
    why: "A replica answers from a state that has not come to the slot that was asked for.",
    scenarios: ["leases"]
  },
  {
    id: "lease/successor-is-waited-for-for-ever",
    edits: [
      {
        file: "protocol/leader/hand-over.ts",
        find: "if (nowMs >= invited.untilMs) return",
        replace: "if (nowMs >= Number.POSITIVE_INFINITY) return"
      },
      {
        file: "protocol/leader/hand-over.ts",
        find: "  return { state: stopped.state, outputs: [...step.outputs, ...stopped.outputs] }",
        replace: "  return stopped.state === undefined ? stopped : step"
      }
    ],
    law: standstillLaw,
    why: "A leader that has invited its successor never stops, and makes no other change meanwhile.",
    scenarios: ["groups"]
  },
  {
    id: "lease/counted-from-a-later-sending",
    edits: [
      {
        file: "protocol/acceptor/lease.ts",
        find: "if (round > after) return",
        replace: "if (round >= after) return"
      }
    ],
    law: "one lease",
    why: "What was noted after a round was sent counts as before it: leases of late answers last too long.",
    scenarios: ["late-grants"]
  }
]
