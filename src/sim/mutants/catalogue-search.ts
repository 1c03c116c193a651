/**
 * Seeded bugs in the protocol cores: each brings back one trap of the protocol, and names the laws that may
 * catch it.
 */
import type { Edit } from "./mutant.ts"

export interface SearchMutant {
  readonly id: string
  readonly edits: ReadonlyArray<Edit>
  /** Name of the scope in which the search finds it. */
  readonly scope: string
}

const leaderCarry = "protocol/leader/carry.ts"
const quorum = "protocol/quorum.ts"
const register = "protocol/master/cas-paxos.ts"

export const searchMutants: ReadonlyArray<SearchMutant> = [
  {
    id: "latest: the master activates an older issued ballot",
    scope: "four-ballots-pairs",
    edits: [
      {
        file: "protocol/master/master.ts",
        find: "readonly latest: Issued | undefined\n",
        replace: "readonly latest: Issued | undefined\n  readonly all?: ReadonlyArray<Issued>\n"
      },
      {
        file: "protocol/master/master.ts",
        find: "nextBallot: Ballot(state.nextBallot + 1), latest: issued },",
        replace:
          "nextBallot: Ballot(state.nextBallot + 1), latest: issued, all: [...(state.all ?? []), issued] },"
      },
      {
        file: "protocol/master/master.ts",
        find:
          "const { latest } = state\n" +
          "  if (latest === undefined || latest.configuration.ballot !== ballot)",
        replace:
          "const latest = state.all?.find((one) => one.configuration.ballot === ballot)\n" +
          "  if (latest === undefined)"
      }
    ]
  },
  {
    id: "retire while a ballot is issued",
    scope: "triples-stale-entry",
    edits: [
      {
        file: "protocol/master/master.ts",
        find: "if (state.latest !== undefined) {",
        replace: "if (false) {"
      }
    ]
  },
  {
    id: "a majority is a write quorum",
    scope: "triples",
    edits: [
      {
        file: quorum,
        find: "let least = Number.MAX_SAFE_INTEGER\n",
        replace:
          "const all = configuration.acceptors.map((one) => acknowledged(one.node) ?? 0)\n" +
          "  let least: number = all.sort((a, b) => b - a)[Math.floor(all.length / 2)]!\n" +
          "  if (least >= 0) return Slot(least)\n"
      }
    ]
  },
  {
    id: "the ballot is activated without carrying the log",
    scope: "three-ballots-pairs",
    edits: [
      {
        file: leaderCarry,
        find: "if (leastConfirmed(next) > 0 && leastAcknowledged(next) >= state.boundThrough) return",
        replace: "return"
      }
    ]
  },
  {
    id: "commands are proposed before activation",
    scope: "three-ballots-pairs",
    edits: [
      {
        file: leaderCarry,
        find: "return complete(next)",
        replace: "return servingEarly(awaiting(next), log)"
      },
      {
        file: leaderCarry,
        find: "const again = ",
        replace:
          "const servingEarly = (step: any, log: any): any => ({\n" +
          "  ...servingNow(step.state, log),\n" +
          "  outputs: [...step.outputs, ...servingNow(step.state, log).outputs]\n" +
          "})\n" +
          "const again = "
      },
      {
        file: leaderCarry,
        find: "import { awaiting }",
        replace: "import { awaiting, serving as servingNow }"
      },
      { file: "protocol/leader/activate.ts", find: "const serving = ", replace: "export const serving = " }
    ]
  },
  {
    id: "an acknowledgement covers the acceptor's whole log",
    scope: "three-ballots-two-slots-pairs",
    edits: [
      {
        file: "protocol/acceptor/acceptor.ts",
        find: "const lastSlot = runsLast(runs, prevSlot)",
        replace: "const lastSlot = slotMax(log.last, runsLast(runs, prevSlot))"
      }
    ]
  },
  {
    id: "an acceptor votes below its promise",
    scope: "three-ballots-pairs",
    edits: [
      {
        file: "protocol/acceptor/acceptor.ts",
        find: "if (configuration.ballot < state.promised) {",
        replace: 'if (message._tag === "Prepare" && configuration.ballot < state.promised) {'
      },
      {
        file: "protocol/acceptor/acceptor.ts",
        find: "const next = { ...state, promised: configuration.ballot, configuration }\n",
        replace:
          "const next = { ...state, promised: configuration.ballot, configuration }\n" +
          "  if (configuration.ballot < state.promised) return { state, records: [], notes: [] }\n"
      }
    ]
  },
  {
    id: "a promise falls",
    scope: "three-ballots-pairs",
    edits: [
      {
        file: "protocol/acceptor/acceptor.ts",
        find: "if (configuration.ballot < state.promised) {",
        replace: "if (false) {"
      }
    ]
  },
  {
    id: "a leader goes on in its old ballot after a restart",
    scope: "two-ballots-late-disks",
    edits: [
      {
        file: "protocol/master/master.ts",
        find: "const prev = state.active\n",
        replace:
          "const prev = state.active\n" +
          "  const names = (of: any) => String(of.map((one: any) => one.node))\n" +
          "  if (prev.leader.node === leader.node && names(prev.acceptors) === names(acceptors))\n" +
          '    return { state, reply: { _tag: "Issued", requestId, configuration: prev, prev } }\n'
      }
    ]
  },
  {
    id: "a leader reads its log although its acceptor promised another ballot",
    scope: "three-ballots",
    edits: [
      {
        file: "protocol/leader/leader.ts",
        find: "if (log.promised > ballot && ballot > noBallot)",
        replace: "if (false)"
      }
    ]
  },
  {
    id: "any replica is a read quorum",
    scope: "three-ballots",
    edits: [
      {
        file: "protocol/acceptor/acceptor.ts",
        find: "if (!isAcceptorOf(prev, state.self))",
        replace: "if (false)"
      },
      { file: "protocol/leader/find-safe.ts", find: "isAcceptorOf(prev, from)", replace: "true" },
      { file: "protocol/leader/prepare.ts", find: "isAcceptorOf(state.prev, state.self)", replace: "true" }
    ]
  },
  {
    id: "a conflicting suffix is kept",
    scope: "three-ballots-two-slots-pairs",
    edits: [
      {
        file: "protocol/acceptor/acceptor.ts",
        find: "if (log.ballotAt(run.first) !== run.ballot) return run.first",
        replace: "if (log.ballotAt(run.first) === undefined) return run.first"
      }
    ]
  },
  {
    id: "an acceptor does not compare the ballot before the entries",
    scope: "three-ballots-two-slots-pairs",
    edits: [
      {
        file: "protocol/acceptor/acceptor.ts",
        find: "if (prevSlot > log.last || log.ballotAt(prevSlot) !== prevSlotBallot) {",
        replace: "if (prevSlot > log.last) {"
      }
    ]
  },
  {
    id: "the completion of an older ballot activates the latest one",
    scope: "four-ballots-pairs",
    edits: [
      {
        file: "protocol/master/master.ts",
        find: "latest.configuration.ballot !== ballot) return superseded",
        replace: "latest.configuration.ballot < ballot) return superseded"
      },
      {
        file: "protocol/master/master.ts",
        find: "if (!isOneAttempt(latest.requestId, requestId))",
        replace: "if (false)"
      }
    ]
  },
  {
    id: "the third acceptor is not waited for",
    scope: "three-ballots",
    edits: [
      {
        file: quorum,
        find: "for (const acceptor of configuration.acceptors) least",
        replace: "for (const acceptor of configuration.acceptors.slice(0, 2)) least"
      }
    ]
  },
  {
    id: "a keeper does not write down what it promises",
    scope: "register",
    edits: [
      {
        file: register,
        find: 'return keep(kept, { _tag: "Held", ...kept, ticket })',
        replace: 'return { ...keep(kept, { _tag: "Held", ...kept, ticket }), records }'
      }
    ]
  },
  {
    id: "a keeper accepts below its promise",
    scope: "register",
    edits: [
      {
        file: register,
        find:
          'case "Write": {\n      if (isAbove(promised, ticket)) ' +
          'return answer({ _tag: "Outbid", ticket, promised })',
        replace: 'case "Write": {'
      }
    ]
  },
  {
    id: "one keeper decides",
    scope: "register",
    edits: [{ file: "protocol/master/seats.ts", find: "Math.floor(seats.length / 2) + 1", replace: "1" }]
  },
  {
    id: "what one keeper holds is read as decided",
    scope: "register",
    edits: [
      {
        file: register,
        find: "if (agree || value === undefined)",
        replace: "if (agree || value !== undefined)"
      }
    ]
  }
]
