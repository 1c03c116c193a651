/** Seeded bugs of the leader and of the master. */
import type { Mutant } from "./mutant.ts"

const leader = "protocol/leader/leader.ts"
const carry = "protocol/leader/carry.ts"
const serve = "protocol/leader/serve.ts"
const progress = "protocol/replication/progress.ts"
const master = "protocol/master/master.ts"
const rivals = ["rivals"]

export const leaderMutants: ReadonlyArray<Mutant> = [
  {
    id: "leader/ignores-the-log-it-read",
    edits: [{ file: "protocol/leader/find-safe.ts", find: "prepared.lastSlot", replace: "(0 as Slot)" }],
    law: "chosen values survive",
    why: "FindSafe calls every slot free, whatever the acceptor voted for.",
    scenarios: rivals
  },
  {
    id: "leader/binds-one-slot-too-few",
    edits: [
      {
        file: "protocol/leader/find-safe.ts",
        find: "prepared.lastSlot",
        replace: "(Math.max(0, prepared.lastSlot - 1) as Slot)"
      }
    ],
    law: "chosen values survive",
    why: "The last slot of the log that was read counts as free.",
    scenarios: rivals
  },
  {
    id: "leader/carry-skipped",
    edits: [
      {
        file: carry,
        find: "if (leastConfirmed(next) > 0 && leastAcknowledged(next) >= state.boundThrough) return",
        replace: "return"
      }
    ],
    law: "chosen values survive",
    why: "The ballot is activated before every acceptor has the bound prefix (a trap of section 4).",
    scenarios: rivals
  },
  {
    id: "leader/proposes-before-activation",
    edits: [
      { file: carry, find: "return complete(next)", replace: "return servingEarly(next, log)" },
      { file: carry, find: "import { awaiting } from", replace: "import { awaiting, servingEarly } from" },
      {
        file: "protocol/leader/activate.ts",
        find: "const serving = (",
        replace:
          "export const servingEarly = (state, log) => {\n" +
          "  const asked = awaiting(state)\n  const early = serving(asked.state, log)\n" +
          "  return { state: early.state, outputs: [...asked.outputs, ...early.outputs] }\n}\n\n" +
          "const serving = ("
      }
    ],
    law: "agreement",
    why: "Commands are proposed in a ballot that the master has not activated (a trap of section 4).",
    scenarios: rivals
  },
  {
    id: "leader/write-quorum-is-majority",
    edits: [
      {
        file: "protocol/quorum.ts",
        find: "let least = Number.MAX_SAFE_INTEGER\n",
        replace:
          "const sorted = configuration.acceptors.map((one) => acknowledged(one.node) " +
          "?? 0).sort((a, b) => b - a)\n" +
          "  let least: number = sorted[Math.floor(sorted.length / 2)]!\n  if (least " +
          ">= 0) return Slot(least)\n"
      }
    ],
    law: "chosen is durable everywhere",
    why: "A majority chooses, while any single acceptor is a read quorum.",
    scenarios: rivals
  },
  {
    id: "leader/does-not-wait-for-its-own-disk",
    edits: [
      {
        file: "protocol/quorum.ts",
        find: "for (const acceptor of configuration.acceptors) least",
        replace:
          "for (const acceptor of configuration.acceptors) if (configuration.acceptors.length " +
          "=== 1 || acceptor.node !== configuration.leader.node) least"
      }
    ],
    law: "chosen is durable everywhere",
    why: "The leader counts itself before its own sync (section 4, point 5).",
    scenarios: ["power"]
  },
  {
    id: "leader/goes-on-though-its-acceptor-promised-another",
    edits: [{ file: leader, find: "if (log.promised > ballot && ballot > noBallot)", replace: "if (false)" }],
    law: "a process broke",
    why: "A leader reads a log that its own acceptor has opened to another leader (section 4, point 5).",
    scenarios: rivals
  },
  {
    id: "leader/the-log-begins-anew-in-time",
    edits: [
      {
        file: "protocol/leader/activate.ts",
        find: "atMs: Math.max(tail.atMs, held?.atMs ?? 0),",
        replace: "atMs: 0,"
      }
    ],
    law: "log time never goes back",
    why: "A leader whose wall clock runs behind takes the time of the log back, by which sessions end.",
    scenarios: ["clocks", "t020"]
  },
  {
    id: "leader/two-values-for-one-slot",
    edits: [
      {
        file: "protocol/replication/propose.ts",
        find: "chosen, last: prevSlot, atMs } = before",
        replace: "chosen, chosen: prevSlot, atMs } = before"
      }
    ],
    law: "log matching",
    why: "A batch takes the slots of the batch that is still in flight.",
    scenarios: rivals
  },
  {
    id: "leader/answers-before-chosen",
    edits: [
      {
        file: serve,
        find: 'outputs.push({ _tag: "Apply", through: chosen, answer: true })',
        replace: 'outputs.push({ _tag: "Apply", through: state.last, answer: true })'
      }
    ],
    law: "applied is chosen",
    why: "Commands in flight are applied and answered together with the chosen ones.",
    scenarios: rivals
  },
  {
    id: "leader/reads-without-a-round",
    edits: [
      {
        file: serve,
        find:
          "if (nowMs >= leaseUntilMs(state)) " +
          "return askRound({ ...state, askedAtMs: nowMs }, log, proposed)\n",
        replace: ""
      },
      {
        file: serve,
        find: '{ _tag: "Answer", slot, queries, lease: configuration.ballot }',
        replace: '{ _tag: "Answer", slot, queries, lease: undefined }'
      }
    ],
    law: "not-linearizable",
    why: "A leader that was overtaken goes on answering reads from its old state.",
    scenarios: ["stale-reads"]
  },
  {
    id: "leader/reads-confirmed-by-one",
    edits: [
      {
        file: progress,
        find: "least = Math.min(least, progress.confirmed)",
        replace:
          "least = least === Number.MAX_SAFE_INTEGER ? progress.confirmed : Math.max(least, " +
          "progress.confirmed)"
      }
    ],
    law: "not-linearizable",
    why: "One answer confirms a read, be it the leader's own.",
    scenarios: ["stale-reads"]
  },
  {
    id: "leader/read-joins-a-round-under-way",
    edits: [
      {
        file: serve,
        find: "const numbered = proposed ? state : nextRound(state)",
        replace: "const numbered = state"
      }
    ],
    law: "not-linearizable",
    why: "Answers to what was sent before a read came say nothing about who leads since.",
    scenarios: ["reads"]
  },
  {
    id: "master/reissues-the-active-ballot",
    edits: [
      {
        file: master,
        find: "const prev = state.active\n",
        replace:
          "const prev = state.active\n  if (sameReplica(prev.leader, leader)) " +
          'return { state, reply: { _tag: "Issued", requestId, configuration: prev, prev } }\n'
      }
    ],
    law: "log matching",
    why:
      "A leader that restarts goes on in its old ballot and binds a slot a second " +
      "time (a trap of section 4).",
    scenarios: rivals
  },
  {
    id: "master/issues-a-number-twice",
    edits: [
      {
        file: master,
        find: "state: { ...state, nextBallot: Ballot(state.nextBallot + 1), latest: issued }",
        replace: "state: { ...state, latest: issued }"
      }
    ],
    law: "log matching",
    why: "Two leaders get the same ballot.",
    scenarios: rivals
  },
  {
    id: "master/answers-before-it-wrote",
    edits: [
      {
        file: "actors/master/master.ts",
        find: "const settled = next === state ||",
        replace:
          "for (const [message, answer] of replies) reply(message, answer)\n" +
          "      const settled = next === state ||"
      },
      {
        file: "actors/master/master.ts",
        find: 'its reply")\n      for (const [message, answer] of replies) reply(message, answer)',
        replace: 'its reply")'
      }
    ],
    law: "one active configuration",
    why: "A ballot is handed out before it is durable that it was: after a power cut it is handed out again.",
    scenarios: ["master-power"]
  },
  {
    id: "master/activates-an-older-issued-ballot",
    edits: [
      {
        file: "actors/master/state.ts",
        find: "latest: Schema.UndefinedOr(IssuedFields),",
        replace:
          "latest: Schema.UndefinedOr(IssuedFields),\n  all: Schema.optionalKey(Schema.Array(IssuedFields)),"
      },
      {
        file: master,
        find: "nextBallot: Ballot(state.nextBallot + 1), latest: issued },",
        replace:
          "nextBallot: Ballot(state.nextBallot + 1), latest: issued, all: [...(state.all ?? []), issued] },"
      },
      {
        file: master,
        find:
          "const { latest } = state\n  if (latest === undefined || latest.configuration.ballot " +
          "!== ballot)",
        replace:
          "const latest = state.all?.find((one) => one.configuration.ballot === ballot)\n" +
          "  if (latest === undefined)"
      }
    ],
    law: "chosen values survive",
    why:
      "The trap `latest`: a doomed ballot spreads an entry that a later ballot " +
      "takes for chosen (section 2).",
    scenarios: ["overtaken"]
  },
  {
    id: "master/retires-while-a-ballot-is-issued",
    edits: [{ file: master, find: "if (state.latest !== undefined) {", replace: "if (false) {" }],
    law: "chosen values survive",
    why:
      "The trap `retire while issued`: the issued ballot brings along what the " +
      "smaller configuration undid.",
    scenarios: ["retirements"]
  },
  {
    id: "master/completes-an-older-ballot-as-the-latest",
    edits: [
      {
        file: master,
        find: "latest.configuration.ballot !== ballot) return superseded",
        replace: "latest.configuration.ballot < ballot) return superseded"
      },
      { file: master, find: "if (!isOneAttempt(latest.requestId, requestId))", replace: "if (false)" }
    ],
    law: "chosen values survive",
    why: "Whoever completes a ballot that was overtaken activates the one that overtook it, not carried yet.",
    scenarios: ["overtaken"]
  }
]
