/** Seeded bugs of sessions, of clients, of the key-value machine and of how chosen entries are applied. */
import type { Mutant } from "./mutant.ts"

const session = "protocol/learner/session.ts"
const replica = "protocol/learner/replica.ts"
const epoch = "client/epoch.ts"
const core = "client/group-core.ts"
const sessions = "client/sessions.ts"
const kv = "machines/kv.ts"
const retries = ["retries"]

export const clientMutants: ReadonlyArray<Mutant> = [
  {
    id: "session/replies-not-kept",
    edits: [{ file: session, find: "if (recorded !== undefined) return recorded\n", replace: "" }],
    law: "acknowledged, and once",
    why: "A command that is sent twice is executed twice.",
    scenarios: retries
  },
  {
    id: "session/received-not-remembered",
    edits: [
      { file: session, find: 'if (number <= session.received) return "already-received"\n', replace: "" }
    ],
    law: "acknowledged, and once",
    why: "A duplicate that comes after the reply was received is executed again.",
    scenarios: ["late"]
  },
  {
    id: "session/table-of-the-leader-only",
    edits: [
      {
        file: replica,
        find: "recordReply(sessions, session, number, recorded)",
        replace: "if (answers !== undefined) recordReply(sessions, session, number, recorded)"
      }
    ],
    law: "acknowledged, and once",
    why: "Followers and restarted replicas have no dedupe table (a trap of section 5).",
    scenarios: retries
  },
  {
    id: "session/forgets-a-reply-too-many",
    edits: [
      {
        file: session,
        find: "forgetReplies(session, received)\n",
        replace: "forgetReplies(session, received + 1)\n"
      }
    ],
    law: "progress after faults",
    why: "A command counts as received before it was executed, and is never answered.",
    scenarios: retries
  },
  {
    id: "client/retries-under-a-new-number",
    edits: [
      {
        file: epoch,
        find: "sent.waits = true\n      this.#toSend.push(number)",
        replace:
          "sent.waits = true\n      this.#pending.delete(number)\n      const again = this.#next++\n" +
          "      this.#pending.set(again, sent)\n      this.#toSend.push(again)"
      }
    ],
    law: "acknowledged, and once",
    why: "A retry looks like a new command.",
    scenarios: retries
  },
  {
    id: "client/says-it-did-not-happen",
    edits: [
      {
        file: core,
        find: 'new Indeterminate({ reason: "no answer came in time" })',
        replace: 'new Unavailable({ reason: "no answer came in time" })'
      }
    ],
    law: "not-linearizable",
    why: "A command whose outcome is open is reported as certainly not executed.",
    scenarios: retries
  },
  {
    id: "client/moves-open-commands-to-a-new-session",
    edits: [
      {
        file: core,
        find: 'command.done(null, 0, new Indeterminate({ reason: "its session expired" }))',
        replace: "this.#queue.push(command)"
      }
    ],
    law: "acknowledged, and once",
    why: "A command that may have run in a session that expired is sent again in the next one.",
    scenarios: ["expiries"]
  },
  {
    id: "client/numbers-begin-anew-in-a-session",
    edits: [
      {
        file: epoch,
        find: "return Math.min(outstandingMax.value - (given - this.#received()), this.#numbers - given)",
        replace: "return outstandingMax.value - (given - this.#received())"
      },
      {
        file: epoch,
        find: "RequestNumber(number)",
        replace: "RequestNumber((number - 1) % this.#numbers + 1)"
      }
    ],
    law: "progress after faults",
    why: "Numbers of a session begin anew: a command passes for one received long ago, and nobody answers.",
    scenarios: ["cramped"]
  },
  {
    id: "client/opens-a-session-beside-its-own",
    edits: [
      {
        file: sessions,
        find: "return this.#usedUp === undefined ? openEntry(client) : reopenEntries(this.#usedUp, client)",
        replace: "return openEntry(client)"
      }
    ],
    law: "progress after faults",
    why: "A session without numbers left is not closed: its client is given that one again and again.",
    scenarios: ["cramped"]
  },
  {
    id: "kv/cas-ignores-the-revision",
    edits: [{ file: kv, find: "return revision === command.revision", replace: "return revision >= 0" }],
    law: "not-linearizable",
    why: "A compare-and-set sets without comparing.",
    scenarios: ["races"]
  },
  {
    id: "kv/delete-leaves-the-value",
    edits: [
      {
        file: kv,
        find: "state.delete(command.key)\n",
        replace: "state.has(command.key)\n"
      }
    ],
    law: "not-linearizable",
    why: "A deleted key is still there.",
    scenarios: ["races"]
  },
  {
    id: "kv/reply-with-the-revision-before",
    edits: [
      {
        file: kv,
        find: "revision: at.slot })\n",
        replace: 'revision: at.slot - (command._tag === "Put" ? 1 : 0) })\n'
      }
    ],
    law: "not-linearizable",
    why:
      "A put is stored under another revision than the one it replied with, so " +
      "the next compare-and-set loses.",
    scenarios: ["races"]
  },
  {
    id: "apply/followers-apply-backwards",
    edits: [
      {
        file: replica,
        find: "forEachEntry(run, (entry, index) => applyEntry(applying, entry, slotPlus(run.first, index)))",
        replace:
          "const all: Array<EntryView> = []\n" +
          "  forEachEntry(run, (entry) => void all.push({ ...entry }))\n" +
          "  const places = all.map((_, index) => index)\n" +
          "  if (answers === undefined) places.reverse()\n" +
          "  places.forEach((index) => applyEntry(applying, all[index]!, slotPlus(run.first, index)))"
      }
    ],
    law: "same prefix, same state",
    why: "Followers apply the entries of a batch in another order than the leader.",
    scenarios: ["races"]
  },
  {
    id: "apply/depends-on-who-answers",
    edits: [
      {
        file: replica,
        find: 'if (command === misfit) return { slot, outcome: "bad-command", reply: null }',
        replace:
          "if (command === undefined || (entry.number % 32 === 9 && replica.applied % 2 === 1)) " +
          'return { slot, outcome: "bad-command", reply: null }'
      }
    ],
    law: "a process broke",
    why:
      "Whether a command is taken depends on how the log was cut into runs, which " +
      "differs from replica to replica.",
    scenarios: ["races"]
  },
  {
    id: "apply/draws-randomness",
    edits: [
      {
        file: kv,
        find: "  if (reply.changed) {\n",
        replace: "  if (reply.changed && Math.random() >= 0) {\n"
      }
    ],
    law: "leaked",
    why: "A machine uses randomness of its own, so replicas can differ.",
    scenarios: ["races"]
  },
  {
    id: "leader/no-room-for-a-large-submission",
    edits: [
      {
        file: "protocol/leader/admit.ts",
        find: "  if (pendingBytes > 0 && pendingBytes",
        replace: "  if (pendingBytes"
      }
    ],
    law: "progress after faults",
    why: "A submission larger than all that a leader keeps is told to come again, for ever.",
    scenarios: ["cramped"]
  },
  {
    id: "client/closed-says-that-nothing-was-done",
    edits: [
      {
        file: "client/group-core.ts",
        find: "if (!given) command.done(null, 0, new Indeterminate({ reason }))",
        replace: "if (!given) command.done(null, 0, new Unavailable({ reason }))"
      }
    ],
    law: "not-linearizable",
    why: "A command is in flight when its client is closed: nobody may say that it was not done.",
    scenarios: ["closed-clients"]
  },
  {
    id: "leader/bytes-never-free",
    edits: [
      {
        file: "protocol/replication/propose.ts",
        find: "pendingBytes: before.pendingBytes - sizeBytes",
        replace: "pendingBytes: before.pendingBytes"
      }
    ],
    law: "progress after faults",
    why: "What a leader has sent counts as waiting still: in the end every submission is told to come again.",
    scenarios: ["cramped"]
  },
  {
    id: "session/no-time-is-given-back",
    edits: [
      {
        file: "protocol/learner/replica.ts",
        find: "return extendSessions(sessions, atMs - replica.atMs)",
        replace: "return extendSessions(sessions, 0)"
      }
    ],
    law: "leaderless: a session ended while nobody led",
    why: "Sessions expire for the time in which nobody led, when nobody could show a sign of life.",
    scenarios: ["leaderless"]
  },
  {
    id: "session/never-swept",
    edits: [
      {
        file: "protocol/learner/session.ts",
        find: "if (atMs - sessions.sweptMs < sessions.ttlMs) return",
        replace: "if (atMs - sessions.sweptMs < Number.POSITIVE_INFINITY) return"
      }
    ],
    law: "sessions are bounded",
    why: "Sessions of clients that are gone stay: memory and snapshots grow with every client there was.",
    scenarios: ["forgotten-sessions"]
  }
]
