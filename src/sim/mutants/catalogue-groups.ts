/** Seeded bugs of what exists because groups share a node: one log, its numbers, one roll, one compaction. */
import { type Mutant, standstillLaw } from "./mutant.ts"

const compaction = "actors/log/compaction.ts"
const groupLog = "actors/log/group-log.ts"
const storage = "actors/log/node-storage.ts"
const groups = ["groups"]

export const groupMutants: ReadonlyArray<Mutant> = [
  {
    id: "groups/copies-only-what-it-knows-as-chosen",
    edits: [
      {
        file: groupLog,
        find: "runs.push(...this.read(next, this.last, readMaxBytes.value))",
        replace: "runs.push(...this.read(next, slotMin(this.#chosen, this.last), readMaxBytes.value))"
      },
      {
        file: groupLog,
        find: "for (let next = this.first; next <= this.last; next =",
        replace: "for (let next = this.first; next <= slotMin(this.#chosen, this.last); next ="
      }
    ],
    law: "chosen values survive",
    why: "What the quiet group has voted for, and does not know as chosen yet, is not written again.",
    scenarios: groups
  },
  {
    id: "groups/copied-log-begins-one-later",
    edits: [
      {
        file: groupLog,
        find: "for (let next = this.first; next <= this.last; next =",
        replace: "for (let next = slotMin(slotPlus(this.first, 1), this.last); next <= this.last; next ="
      }
    ],
    law: "chosen values survive",
    why: "The first entry of a log that is copied forward stays in the segment that goes.",
    scenarios: groups
  },
  {
    id: "groups/checkpoint-of-the-quiet-group-left-out",
    edits: [
      {
        file: compaction,
        find: "for (const log of logs) log.checkpoint()",
        replace: "for (const log of logs) if (!quiet.includes(log)) log.checkpoint()"
      }
    ],
    law: "what is needed stays",
    why: "Of a group whose entries are copied forward the promise and the note of leases go.",
    scenarios: groups
  },
  {
    id: "groups/leases-are-not-noted-again",
    edits: [
      {
        file: groupLog,
        find: "if (this.#leaseNotedMs > 0) this.persist({",
        replace: "if (this.#leaseNotedMs > 0 && this.last < this.first) this.persist({"
      }
    ],
    law: "a restart remembers",
    why: "The note of how long leases may run goes with its segment: after a restart nobody waits for one.",
    scenarios: groups
  },
  {
    id: "groups/segment-goes-that-one-group-needs",
    edits: [
      {
        file: compaction,
        find: "for (const { startPosition } of logs) needed =",
        replace: "for (const { startPosition } of logs.slice(0, 1)) needed ="
      }
    ],
    law: "a process broke",
    why: "Only the first group of the configuration is asked which segments it needs.",
    scenarios: groups
  },
  {
    id: "groups/freed-before-the-copy-is-durable",
    edits: [
      {
        file: compaction,
        find: "for (const log of quiet) yield* copiedForward(log)",
        replace: "for (const log of quiet) log.copyForward()"
      },
      {
        file: compaction,
        find: "for (const { startPosition } of logs) needed = Math.min(needed, startPosition ?? needed)",
        replace:
          "for (const log of logs)\n" +
          "    if (!isQuiet(log, wal.stats())) needed = Math.min(needed, log.startPosition ?? needed)"
      },
      { file: compaction, find: "  yield* untilSynced(wal.sync)\n", replace: "" }
    ],
    law: "chosen values survive",
    why: "The old segments of a quiet group go while what was copied from them is on its way to the disk.",
    scenarios: groups
  },
  {
    id: "groups/others-write-between-copy-and-sync",
    edits: [
      {
        file: compaction,
        find: "for (const log of quiet) yield* copiedForward(log)",
        replace:
          "for (const log of quiet) {\n" +
          "    log.copyForward()\n" +
          "    yield* Effect.sleep(2)\n" +
          "    yield* untilSynced((done) => log.sync(done))\n" +
          "  }"
      }
    ],
    law: "what is needed stays",
    why: "A later frame, of others, is taken for the place of the copy: nobody finds it there, or it goes.",
    scenarios: groups
  },
  {
    id: "groups/reads-entries-of-another-group",
    edits: [
      {
        file: "actors/log/stored-runs.ts",
        find: "for (const run of group === log.groupNumber ? runsOf(decodeRecord(type, body)) : []) {",
        replace: "for (const run of group > 0 ? runsOf(decodeRecord(type, body)) : []) {"
      }
    ],
    law: "same prefix, same state",
    why: "Groups have entries of equal slot and ballot: those of another one are read back from the disk.",
    scenarios: groups
  },
  {
    id: "groups/numbered-by-their-place",
    edits: [
      {
        file: storage,
        find: "const number = numbers.get(name) ?? numbers.size + 1",
        replace: "const number = numbers.size + 1"
      },
      {
        file: storage,
        find: "if (!numbers.has(name)) {",
        replace: "if (numbers.size < 4 * config.groups.length) {"
      }
    ],
    law: "a restart remembers",
    why: "A restart gives the groups other numbers than their records have: each has the log of another.",
    scenarios: groups
  },
  {
    id: "groups/recovered-under-the-next-number",
    edits: [
      {
        file: storage,
        find: "if (group !== nodeGroup) return logOf(group).recover(type, body, position)",
        replace:
          "if (group !== nodeGroup)\n" +
          "        return logOf(type === 3 && numbers.size > 1 ? (group % numbers.size) + 1 : group)\n" +
          "          .recover(type, body, position)"
      }
    ],
    law: "applied is chosen",
    why: "After a restart the watermark of one group counts for another, which applies what is not chosen.",
    scenarios: groups
  },
  {
    id: "groups/names-are-not-written-again",
    edits: [{ file: storage, find: "checkpoints: [checkpoint, ", replace: "checkpoints: [" }],
    law: "a restart remembers",
    why: "The segment goes that says which number belongs to which group: a restart numbers them anew.",
    scenarios: groups
  },
  {
    id: "groups/roll-of-one-counts-for-all",
    edits: [
      {
        file: "actors/leadership/roll-call.ts",
        find: "else group.rolled.hearRoll(from, entry)",
        replace: "else for (const { rolled } of groups.values()) rolled.hearRoll(from, entry)"
      }
    ],
    law: standstillLaw,
    why: "Whoever leads one group in silence is taken for the leader of all: the others look after nobody.",
    scenarios: groups
  },
  {
    id: "groups/demands-a-snapshot-for-ever",
    edits: [
      {
        file: "actors/snapshots/snapshots.ts",
        find: "const isDone = frozen === undefined &&",
        replace: "const isDone = isWriting === undefined &&"
      }
    ],
    law: "Livelock",
    why: "A snapshot that frees nothing is demanded by the compaction behind it, at once, and again.",
    scenarios: groups
  },
  {
    id: "groups/promise-of-one-counts-for-all",
    edits: [
      {
        file: "actors/presence/presence.ts",
        find: "return this.#promised.get(group) ?? noBallot",
        replace: "return this.#promised.get(group) ?? [...this.#promised.values()][0] ?? noBallot"
      }
    ],
    law: "a process broke",
    why: "A group that is about to begin is taken for one whose master has lost its state.",
    scenarios: groups
  },
  {
    id: "groups/leader-of-one-is-heard-for-all",
    edits: [
      {
        file: "actors/group/group.ts",
        find: "const heard: Heard = { count: 0, leader: undefined, restsUntilMs: 0 }",
        replace:
          "const ofNode = context as typeof context & { heard?: Heard }\n" +
          "  const heard: Heard = (ofNode.heard ??= { count: 0, leader: undefined, restsUntilMs: 0 })"
      }
    ],
    law: standstillLaw,
    why: "A word of the leader of one group counts for all: a group without a leader waits for ever.",
    scenarios: groups
  },
  {
    id: "groups/register-of-one-is-answered-for-another",
    edits: [
      {
        file: "actors/master/register-replicated.ts",
        find: "const one = pending.get(",
        replace:
          "const { number } = answer.ticket\n" +
          "    const isOf = ([key]: [string, unknown]) => key.split('/').at(-1) === String(number)\n" +
          "    const one = [...pending].find(isOf)?.[1] ?? pending.get("
      }
    ],
    law: "one active configuration",
    why: "A master counts what the others have accepted for one group for another one of the same ticket.",
    scenarios: groups
  },
  {
    id: "snapshot/older-ones-go-before-the-log-begins-behind-it",
    edits: [
      {
        file: "actors/snapshots/snapshots.ts",
        find: "return Effect.andThen(durable, removed)",
        replace: "return Effect.andThen(removed, durable)"
      }
    ],
    law: "what is needed stays",
    why: "A pulled snapshot replaces the others while the log on the disk still goes on from those.",
    scenarios: ["snapshots", "groups"]
  }
]
