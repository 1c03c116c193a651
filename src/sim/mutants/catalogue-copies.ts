/** Seeded bugs in what is made of an old copy, of the master's state or of a whole disk, that is put back. */
import type { Mutant } from "./mutant.ts"

const master = "protocol/master/master.ts"
const seat = "protocol/master/taking-seat.ts"
const copies = ["copies"]
const ranOnOldCopy = "old-copies: a node runs on an old copy of its disk"

export const copyMutants: ReadonlyArray<Mutant> = [
  {
    id: "copies/acceptors-are-kept",
    edits: [
      {
        file: master,
        find: "active: { ...active, generation, acceptors: [active.leader] },",
        replace: "active: { ...active, generation },"
      }
    ],
    law: "chosen values survive",
    why: "An acceptor that was retired after the copy was made is a read quorum again, with its old log.",
    scenarios: copies
  },
  {
    id: "copies/numbers-go-on-from-the-copy",
    edits: [{ file: master, find: "const broughtBackBy = 1_000_000", replace: "const broughtBackBy = 0" }],
    law: "one active configuration",
    why: "Ballots and generations that the copy does not know of are handed out a second time.",
    scenarios: copies
  },
  {
    id: "copies/taken-as-they-are",
    edits: [
      {
        file: "actors/master/masters.ts",
        find: "masterText(broughtBack(state))",
        replace: "masterText(state)"
      },
      {
        file: "actors/master/masters.ts",
        find: "import { broughtBack, type MasterState }",
        replace: "import { type MasterState }"
      }
    ],
    law: "one active configuration",
    why: "The copy counts as the newest state, though nobody can see whether it is.",
    scenarios: copies
  },
  {
    id: "copies/voters-are-not-asked",
    edits: [
      {
        file: seat,
        find: "for (const voter of voters) {",
        replace: "for (const voter of voters.slice(0, 0)) {"
      }
    ],
    law: "one active configuration",
    why: "A copy from before a ballot became active is taken, since those who promised it are no masters.",
    scenarios: copies
  },
  {
    id: "copies/promises-are-not-compared",
    edits: [
      {
        file: seat,
        find: "if (ballot < (values.find((file) => file.group === group)?.newerFrom ?? 1)) continue",
        replace: "if (ballot > 0) continue"
      }
    ],
    law: "one active configuration",
    why: "An acceptor tells of a later ballot, and the older copy is taken all the same.",
    scenarios: copies
  },
  {
    id: "leader/serves-a-ballot-of-another-leader",
    edits: [
      {
        file: "protocol/leader/activate.ts",
        find: "active.ballot === ballot && sameReplica(active.leader, leader))",
        replace: "active.ballot === ballot)"
      },
      {
        file: "protocol/leader/activate.ts",
        find: 'import { sameReplica } from "../ids.ts"\n',
        replace: ""
      }
    ],
    law: "one active configuration",
    why: "Masters that began twice with one copy gave two nodes the same number, and both lead it.",
    scenarios: ["one-copy-twice"]
  },
  {
    id: "master/completes-for-another-attempt",
    edits: [
      {
        file: master,
        find: "if (!isOneAttempt(latest.requestId, requestId)) return superseded(state, requestId)\n",
        replace: ""
      },
      { file: master, find: "import { isOneAttempt, type MasterReply", replace: "import { type MasterReply" }
    ],
    law: "chosen values survive",
    why: "A number given to two: what one attempt has carried activates the acceptors of the other.",
    scenarios: ["one-copy-twice"]
  },
  {
    id: "bootstrap/promises-are-not-heard",
    edits: [
      {
        file: "actors/leadership/candidate.ts",
        find: "  if (ballot > noBallot) {",
        replace: "  if (ballot > Number.MAX_SAFE_INTEGER) {"
      }
    ],
    law: "one active configuration",
    why: "The first acceptor, also the only master, has an empty disk and begins an old group anew.",
    scenarios: ["empty-first"]
  },
  {
    id: "floors/not-compared",
    edits: [
      {
        file: "actors/presence/presence.ts",
        find: "} else if (of.storage === self.storage && floor > frames)",
        replace: "} else if (of.storage === self.storage && floor > frames + 1e9)"
      }
    ],
    law: ranOnOldCopy,
    why: "An acceptor that forgot votes and promises is a read quorum.",
    scenarios: ["old-copies"]
  },
  {
    id: "floors/not-told",
    edits: [
      {
        file: "actors/presence/presence.ts",
        find: "floors: floors.all",
        replace: "floors: []"
      }
    ],
    law: ranOnOldCopy,
    why: "Others know that the disk had more, and keep it to themselves.",
    scenarios: ["old-copies"]
  },
  {
    id: "floors/written-down-on-an-old-copy",
    edits: [
      {
        file: "actors/presence/presence.ts",
        find: "if (!this.isStarting) this.#disk.floors.note(",
        replace: "this.#disk.floors.note("
      }
    ],
    law: "old-copies: a node writes to an old copy that it refuses",
    why: "Started again and again, an old copy comes as far as the others remember, and is taken.",
    scenarios: ["old-copies"]
  },
  {
    id: "floors/not-written-down",
    edits: [
      {
        file: "actors/presence/floors.ts",
        find: "const noteEveryFrames = 2",
        replace: "const noteEveryFrames = 1e9"
      }
    ],
    law: ranOnOldCopy,
    why: "After everybody was down, nobody knows how far a disk had come.",
    scenarios: ["late-witnesses"]
  },
  {
    id: "floors/not-waited-for",
    edits: [
      {
        file: "actors/presence/presence.ts",
        find: "const patienceMs = 1000",
        replace: "const patienceMs = 0"
      }
    ],
    law: ranOnOldCopy,
    why: "An old copy is taken, since those who know better start a moment later.",
    scenarios: ["late-witnesses"]
  }
]
