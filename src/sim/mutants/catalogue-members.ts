/** Seeded bugs in who votes: replicas outside, drained nodes, changes of the acceptors. */
import { type Mutant, standstillLaw } from "./mutant.ts"

const outside = "protocol/membership/outsider.ts"

const enough = "enough acceptors"

export const memberMutants: ReadonlyArray<Mutant> = [
  {
    id: "outsider/replaces-its-log-while-it-votes",
    edits: [
      {
        file: outside,
        find: "active.ballot >= promised && !isAcceptorOf(active, self)",
        replace: "active.ballot >= promised"
      },
      { file: outside, find: "newRuns(log, news)", replace: "news" }
    ],
    law: "chosen values survive",
    why: "An acceptor that hears nothing for a while drops what it has acknowledged for what it is told.",
    scenarios: ["partitions", "members"]
  },
  {
    id: "outsider/learns-without-a-promise",
    edits: [
      {
        file: outside,
        find: "Ballot(Math.max(state.promised, active.ballot, runs[runs.length - 1]?.ballot ?? noBallot))",
        replace: "state.promised"
      }
    ],
    law: "promises never fall",
    why: "It takes entries of a ballot that it has not promised, and still listens to older leaders.",
    scenarios: ["members", "wipe-and-return"]
  },
  {
    id: "outsider/goes-on-from-the-end-of-its-log",
    edits: [
      { file: outside, find: "before > known", replace: "before > log.last" },
      {
        file: "actors/catch-up/outsider.ts",
        find: "slotPlus(this.#options.acceptor().chosen, 1)",
        replace: "slotPlus(this.#options.last(), 1)"
      }
    ],
    law: "applied is chosen",
    why: "What it once voted for counts as chosen, whatever was chosen in its place.",
    scenarios: ["members", "partitions"]
  },
  {
    id: "outsider/is-told-what-is-not-chosen",
    edits: [
      { file: "actors/catch-up/catch-up.ts", find: "slotMin(chosen(), log.last)", replace: "log.last" }
    ],
    law: "applied is chosen",
    why: "A node hands out its log to the end, with entries that nobody has counted.",
    scenarios: ["members", "partitions"]
  },
  {
    id: "members/drained-nodes-are-forgotten",
    edits: [
      {
        file: "actors/leadership/members.ts",
        find: 'return this.#askMaster({ _tag: "Drain", requestId: "members", node, drained, drains })',
        replace:
          "const standing = { minAcceptors: 1, drained: drained ? [node] : [], drains }\n" +
          "this.#state = noteStanding(this.#state, standing)\n" +
          "return undefined"
      }
    ],
    law: "operations: a drained node is not made an acceptor",
    why: "The leader alone knows of a drain: the next one, or the next ballot, takes the node in again.",
    scenarios: ["operations"]
  },
  {
    id: "members/takes-in-who-is-drained",
    edits: [
      {
        file: "protocol/membership/membership.ts",
        find: "if (drained.includes(node) || next.some",
        replace: "if (next.some"
      },
      {
        file: "protocol/master/master.ts",
        find: "?? bringsInDrained(state, acceptors)",
        replace: ""
      }
    ],
    law: "operations: a drained node is not made an acceptor",
    why: "A node that was taken out for its maintenance votes again, and stops writes when it goes.",
    scenarios: ["operations"]
  },
  {
    id: "members/is-never-whole-again",
    edits: [
      {
        file: "protocol/membership/membership.ts",
        find: "if (steady !== undefined) next.push(steady)",
        replace: "void steady"
      }
    ],
    law: "progress after faults",
    why: "Nobody is taken in: each failure leaves the group smaller, down to one.",
    scenarios: ["members"]
  },
  {
    id: "members/leader-goes-on-in-the-ballot-it-left",
    edits: [
      {
        file: "protocol/leader/reconfigure.ts",
        find:
          "const step = preparing({ ...state, token, held: heldOf(state) }, log, " +
          "reply.configuration, reply.prev)",
        replace:
          "const step = { state: { ...state, next: undefined, configuration: " +
          "{ ...reply.configuration, ballot: state.configuration.ballot } }, outputs: [] }"
      }
    ],
    law: "one active configuration",
    why: "It counts by the new acceptors in the old ballot, before the master activated anything.",
    scenarios: ["members", "operations"]
  },
  {
    id: "members/a-drained-leader-may-hand-over-to-itself",
    edits: [
      {
        file: "protocol/membership/membership.ts",
        find: "(one) => !drained.includes(one.node) && !misses(one)",
        replace: "(one) => !misses(one)"
      }
    ],
    law: standstillLaw,
    why: "A leader that is drained stays where it is, or hands over to another one that is to go.",
    scenarios: ["operations"]
  },
  {
    id: "operators/nothing-to-do-is-done",
    edits: [
      { file: "client/operators.ts", find: "if (groups.length === 0) {", replace: "if (groups.length < 0) {" }
    ],
    law: standstillLaw,
    why: "A drained node is taken back in all groups that those who answer know of: in none, and stays out.",
    scenarios: ["operated-blackouts"]
  },
  {
    id: "members/behind-between-two-questions",
    edits: [
      {
        file: "protocol/membership/keeping-up.ts",
        find: "(wasLevel && chosenBefore !== nobodyHas && nowMs - askedAtMs <= askAgainWithinMs)",
        replace: "(wasLevel && chosenBefore !== nobodyHas && nowMs < askedAtMs)"
      }
    ],
    law: standstillLaw,
    why: "What is chosen between two questions of a node outside counts against it, which stays out.",
    scenarios: ["swapped"]
  },
  {
    id: "operators/replace-by-who-votes-already",
    edits: [
      {
        file: "protocol/membership/operator.ts",
        find: "if (futile !== undefined) return refuse(futile)",
        replace: "if (futile === '') return refuse(futile)"
      }
    ],
    law: "replacements: nobody loses its vote for one who votes already",
    why: "The acceptor to be replaced is taken out for nothing, and taken in again a moment later.",
    scenarios: ["replacements"]
  },
  {
    id: "members/retired-acceptors-are-asked-for-reads",
    edits: [
      {
        file: "protocol/replication/progress.ts",
        find: "return { ...replication, configuration, progress: new Map(kept) }",
        replace: "return { ...replication, configuration, progress: new Map([...progress, ...kept]) }"
      }
    ],
    law: standstillLaw,
    why: "Rounds and leases count an acceptor that was taken out, for it is gone: no read is answered.",
    scenarios: ["failover"]
  },
  {
    id: "members/a-spare-goes-on-with-whoever-has-told-it",
    edits: [
      {
        file: "actors/catch-up/outsider.ts",
        find: "    if (this.#turn % (asksOfLeader + 1) === asksOfLeader) this.#turn++\n",
        replace: ""
      }
    ],
    law: standstillLaw,
    why: "A replica that comes back asks a backup as long as there is news: the leader never hears of it.",
    scenarios: ["busy-returns"]
  },
  {
    id: "members/a-spare-asks-nobody-but-its-leader",
    edits: [
      {
        file: "actors/catch-up/outsider.ts",
        find: "const asksLeader = this.#turn % (asksOfLeader + 1) < asksOfLeader",
        replace: "const asksLeader = asksOfLeader > 0"
      }
    ],
    law: "gone-leaders: a spare takes the place of a leader that stays away",
    why: "A replica outside asks a leader that is gone, and nobody tells it who leads since.",
    scenarios: ["gone-leaders"]
  },
  {
    id: "least/retires-below-it",
    edits: [
      {
        file: "protocol/master/master.ts",
        find:
          "  const wrong = tooFew(state, acceptors)\n" +
          "  if (wrong !== undefined) return refused(state, requestId, wrong)\n  const smaller",
        replace: "  const smaller"
      }
    ],
    law: enough,
    why: "An acceptor that fails is taken out, though the group is to stop rather than go on with fewer.",
    scenarios: ["min-acceptors"]
  },
  {
    id: "least/ballots-below-it",
    edits: [
      {
        file: "protocol/master/master.ts",
        find: "?? tooFew(state, acceptors) ?? bringsInDrained(state, acceptors)",
        replace: "?? bringsInDrained(state, acceptors)"
      }
    ],
    law: enough,
    why: "A node takes the lead with fewer acceptors than it may have: writes are on too few disks.",
    scenarios: ["min-acceptors"]
  },
  {
    id: "least/is-not-kept",
    edits: [
      {
        file: "protocol/master/master.ts",
        find: "const state = { ...before, minAcceptors: request.minAcceptors }",
        replace: "const state = before"
      }
    ],
    law: enough,
    why: "The master does not write down how many acceptors the group is to have at least.",
    scenarios: ["min-acceptors"]
  }
]
