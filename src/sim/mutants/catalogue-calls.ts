/** Seeded bugs of clients that wait: calls that do not end, sessions that are let go. */
import type { Mutant } from "./mutant.ts"

const core = "client/group-core.ts"
const inTime = "a call ends in time"
const kept = "a live client keeps its session"
const served = "who reaches the leader is served"

export const callMutants: ReadonlyArray<Mutant> = [
  {
    id: "calls/queued-commands-wait-for-ever",
    edits: [{ file: core, find: "    this.#giveUpQueued(nowMs)\n", replace: "" }],
    law: inTime,
    why: "A command that no session has taken yet outlives the time that its caller gave it.",
    scenarios: ["registers"]
  },
  {
    id: "calls/commands-in-flight-wait-for-ever",
    edits: [
      {
        file: "client/epoch.ts",
        find: "if (sent.given || sent.command.deadlineMs > nowMs) continue",
        replace: "if (sent.given || sent.sendings > 0) continue"
      }
    ],
    law: inTime,
    why: "A command that was sent is sent again and again, and its caller never hears that its time is over.",
    scenarios: ["registers"]
  },
  {
    id: "calls/questions-wait-for-ever",
    edits: [
      {
        file: "client/questions.ts",
        find: "      this.#asked.delete(number)\n      expired.push(question)\n",
        replace: ""
      }
    ],
    law: inTime,
    why: "A question is asked until somebody answers, however little time its caller has.",
    scenarios: ["registers"]
  },
  {
    id: "sessions/no-sign-of-life",
    edits: [
      {
        file: core,
        find: "    this.#submit(keepAliveEntry(current.session), submission, false)\n",
        replace: ""
      },
      { file: core, find: "import { closeEntry, keepAliveEntry }", replace: "import { closeEntry }" }
    ],
    law: kept,
    why: "A client that writes nothing says nothing: its session ends, and its next command is in doubt.",
    scenarios: ["idle"]
  },
  {
    id: "sessions/a-question-counts-as-a-sign-of-life",
    edits: [
      {
        file: core,
        find: "    const { first, queries } = stretch\n",
        replace: "    const { first, queries } = stretch\n    this.#signs.given(this.#options.nowMs())\n"
      }
    ],
    law: kept,
    why: "A client that asks a lot sends no keepAlive, and questions are in no log: its session ends.",
    scenarios: ["idle"]
  },
  {
    id: "sessions/a-sign-of-life-changes-nothing",
    edits: [
      {
        file: "protocol/learner/replica.ts",
        find: "      touchSession(sessions, entry.session, atMs)\n",
        replace: ""
      }
    ],
    law: kept,
    why: "A keepAlive is chosen and applied, and the session ends all the same.",
    scenarios: ["idle"]
  },
  {
    id: "sessions/time-that-nobody-lived-through-counts",
    edits: [
      { file: "protocol/leader/log-time.ts", find: "  if (isFirst || byMs <=", replace: "  if (byMs >=" }
    ],
    law: kept,
    why: "A leader's wall clock is set ahead, and all sessions have been silent for too long.",
    scenarios: ["idle"]
  },
  {
    id: "sessions/a-late-copy-opens-an-old-one",
    edits: [{ file: "client/sessions.ts", find: " || session <= this.#newest) return", replace: ") return" }],
    law: "a number is of one command",
    why: "On a late copy of a word that it had heard, a client goes back to a session that it has left.",
    scenarios: ["short-sessions"]
  },
  {
    id: "calls/silent-leaders-are-never-given-up",
    edits: [
      {
        file: core,
        find: "    if (this.#link.isSilent(retryAfter.value)) this.#link.lost()\n",
        replace: ""
      }
    ],
    law: served,
    why: "A client goes on asking a node that led once and answers nothing: it could reach the leader.",
    scenarios: ["silent-leaders"]
  },
  {
    id: "calls/a-late-leader-takes-whatever-comes",
    edits: [
      {
        file: "protocol/leader/admit.ts",
        find: "oldest !== undefined && nowMs - oldest.cameAtMs > pendingMaxMs",
        replace: "oldest !== undefined && nowMs < oldest.cameAtMs - pendingMaxMs"
      }
    ],
    law: served,
    why: "What waits for long is sent again, and each copy is logged: a busy leader comes to nothing.",
    scenarios: ["overload"]
  },
  {
    id: "calls/dies-of-a-late-answer",
    edits: [
      {
        file: "client/questions.ts",
        find: "      if (question === undefined) continue\n",
        replace: ""
      }
    ],
    law: "a process broke",
    why: "The actor of a client throws on the second copy of an answer, and its process goes on without it.",
    scenarios: ["registers"]
  }
]
