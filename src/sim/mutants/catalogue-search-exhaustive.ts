/**
 * Seeded bugs that the search of the cores finds when it looks at every state: of leases, of nodes that are
 * told what is chosen, and of what a lone client is told. Most are the simulator's as well.
 */
import { foretellMutants } from "./catalogue-foretell.ts"
import { leaderMutants } from "./catalogue-leader.ts"
import { leaseMutants } from "./catalogue-lease.ts"
import { memberMutants } from "./catalogue-members.ts"
import type { SearchMutant } from "./catalogue-search.ts"

const register = "protocol/master/cas-paxos.ts"

/** A bug of the simulator's catalogue, and the scope of the search in which it shows. */
const known = (id: string, scope: string): SearchMutant => {
  const all = [...leaseMutants, ...leaderMutants, ...memberMutants, ...foretellMutants]
  const mutant = all.find((one) => one.id === id)
  if (mutant === undefined) throw new Error(`no mutant is called ${id}`)
  return { id, scope, edits: mutant.edits }
}

export const exhaustiveMutants: ReadonlyArray<SearchMutant> = [
  known("lease/margin-left-out", "leases"),
  known("lease/counted-from-the-answer", "leases"),
  known("lease/restart-does-not-wait", "leases"),
  known("lease/duration-is-not-noted", "leases"),
  known("lease/own-acceptor-exempt", "leases"),
  known("lease/nobody-waits", "leases"),
  known("lease/granted-although-promised-higher", "leases"),
  known("lease/release-forgets-a-later-one", "leases-hand-overs"),
  known("lease/of-a-majority", "leases-triples"),
  known("leader/reads-without-a-round", "reads"),
  known("leader/reads-confirmed-by-one", "reads"),
  known("leader/read-joins-a-round-under-way", "reads"),
  known("foretell/reads-do-not-wait-for-what-a-client-was-told", "foretold-leases"),
  known("foretell/before-its-own-disk", "foretold-late-disks"),
  known("foretell/acceptor-tells-before-its-sync", "foretold-late-disks"),
  known("foretell/counted-of-another-command", "foretold-late-disks"),
  known("foretell/a-debt-is-paid-before-its-sync", "foretold-late-disks"),
  known("outsider/replaces-its-log-while-it-votes", "outsiders"),
  known("outsider/learns-without-a-promise", "outsiders"),
  {
    id: "an outsider takes what it voted for once for chosen",
    scope: "outsiders",
    edits: [{ file: "protocol/membership/outsider.ts", find: "before > known", replace: "before > log.last" }]
  },
  {
    id: "an outsider keeps what it voted for once",
    scope: "outsiders",
    edits: [
      {
        file: "protocol/membership/outsider.ts",
        find: "for (const run of newRuns(log, news)) records",
        replace: "for (const run of newRuns(log, news)) if (run.first > log.last) records"
      }
    ]
  },
  {
    id: "a leader gives its lease back while it still reads under it",
    scope: "leases",
    edits: [
      {
        file: "protocol/leader/hand-over.ts",
        find: "  return handingOver({ ...state, invited: undefined, handOver: { to, byMs } }, nowMs)",
        replace:
          "  const step = handingOver({ ...state, invited: undefined, handOver: { to, byMs } }, nowMs)\n" +
          "  return { state: step.state, outputs: [...step.outputs, ...farewell(state, to)] }"
      }
    ]
  },
  {
    id: "a leader counts its lease from when it looked last, not from when it sent",
    scope: "leases",
    edits: [
      {
        file: "protocol/acceptor/lease.ts",
        find: "  kept.push({ after: round, atMs: nowMs })",
        replace: "  kept.push({ after: -1, atMs: nowMs })"
      }
    ]
  },
  {
    id: "the next ballot of anybody needs no wait",
    scope: "leases",
    edits: [
      {
        file: "protocol/acceptor/lease.ts",
        find: "!(grants.holder !== undefined && sameReplica(grants.holder, leader))",
        replace: "grants.holder === undefined"
      }
    ]
  },
  {
    id: "a read under a lease is answered without what was chosen last",
    scope: "leases",
    edits: [
      {
        file: "protocol/leader/serve.ts",
        find: '{ _tag: "Answer", slot, queries, lease: configuration.ballot }',
        replace: '{ _tag: "Answer", slot: state.told, queries, lease: configuration.ballot }'
      }
    ]
  },
  {
    id: "a keeper that takes a value does not promise its ticket",
    scope: "register-second-attempt",
    edits: [
      {
        file: register,
        find: "return keep({ promised: ticket, accepted: ticket,",
        replace: "return keep({ promised, accepted: ticket,"
      }
    ]
  },
  {
    id: "the value of the lowest ticket is kept",
    scope: "register-second-attempt",
    edits: [
      {
        file: register,
        find: "isAbove(one.accepted, best.accepted) ? one : best",
        replace: "isAbove(best.accepted, one.accepted) ? one : best"
      }
    ]
  },
  {
    id: "a read tells what it claimed without writing it again",
    scope: "register-second-attempt",
    edits: [
      {
        file: register,
        find: "    return write(attempt, value)\n  }\n",
        replace: '    return { _tag: "Settled", outcome: { _tag: "Value", value } }\n  }\n'
      }
    ]
  },
  {
    id: "what was promised before is counted as written",
    scope: "register",
    edits: [
      {
        file: register,
        find: 'if ((answer._tag === "Written") !== (ask._tag === "Write")) return going',
        replace: ""
      }
    ]
  },
  {
    id: "tickets of one number are equal",
    scope: "register",
    edits: [
      {
        file: register,
        find: "a.number > b.number : a.proposer > b.proposer",
        replace: "a.number > b.number : false"
      }
    ]
  }
]
