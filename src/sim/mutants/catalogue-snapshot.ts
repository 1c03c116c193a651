/** Seeded bugs of snapshots, of cutting logs, and of logs that begin at a base. */
import { type Mutant, standstillLaw } from "./mutant.ts"

const snapshot = "protocol/learner/snapshot.ts"
const outsider = "protocol/membership/outsider.ts"
const making = "actors/snapshots/snapshots.ts"
const compaction = "actors/log/compaction.ts"
const groupLog = "actors/log/group-log.ts"
const snapshots = ["snapshots"]

export const snapshotMutants: ReadonlyArray<Mutant> = [
  {
    id: "snapshot/sessions-left-out",
    edits: [
      {
        file: snapshot,
        find: "parts: partsOf(head, freezeSessions(sessions), states, machine)",
        replace: "parts: partsOf(head, freezeSessions(sessions).slice(0, 0), states, machine)"
      }
    ],
    law: "same prefix, same state",
    why: "The table of replies is outside of the snapshot: after a restart commands run twice.",
    scenarios: snapshots
  },
  {
    id: "snapshot/received-left-out",
    edits: [
      {
        file: snapshot,
        find: "  seenMs,\n  received,\n  replies.map",
        replace: "  seenMs,\n  0,\n  replies.map"
      }
    ],
    law: "same prefix, same state",
    why: "A restored replica runs a late copy again whose reply its client has had, and the others do not.",
    scenarios: snapshots
  },
  {
    id: "snapshot/cut-before-it-is-durable",
    edits: [
      {
        file: making,
        find: "const { head, sizeBytes } = yield* store.write(frozen)",
        replace: "log.cut(frozen.head)\n      const { head, sizeBytes } = yield* store.write(frozen)"
      }
    ],
    law: "a snapshot holds what was cut off",
    why: "The log is cut although the snapshot is not on the disk yet (section 7).",
    scenarios: snapshots
  },
  {
    id: "snapshot/log-is-cut-before-a-laggard",
    edits: [
      {
        file: making,
        find: ".findLast(({ head }) => least === undefined || head.slot <= least)",
        replace: ".findLast(() => true || least)"
      }
    ],
    law: standstillLaw,
    why: "Whoever pulls a snapshot finds the log behind it cut off, pulls the next one, and never arrives.",
    scenarios: ["laggards"]
  },
  {
    id: "snapshot/cut-without-any",
    edits: [
      {
        file: making,
        find: "const { head, sizeBytes } = yield* store.write(frozen)",
        replace:
          "if (store.held.length > 1) log.cut(frozen.head)\n" +
          "      const { head, sizeBytes } =\n" +
          "        store.held.length > 1 ? store.newest! : yield* store.write(frozen)"
      }
    ],
    law: "a snapshot holds what was cut off",
    why: "The log is cut above what any snapshot holds: whoever lags can get it from nobody.",
    scenarios: snapshots
  },
  {
    id: "snapshot/of-a-slot-too-early",
    edits: [
      {
        file: snapshot,
        find: "const { applied: slot, atMs, sessions } = replica",
        replace: "const { atMs, sessions } = replica\n  const slot = Slot(Math.max(1, replica.applied - 1))"
      }
    ],
    law: "a snapshot holds what was cut off",
    why: "The snapshot says a slot that its state is past: a restart applies that command a second time.",
    scenarios: snapshots
  },
  {
    id: "snapshot/shows-what-came-later",
    edits: [
      {
        file: "machines/kv.ts",
        find: "split: (state) => splitState(state.clone())",
        replace: "split: (state) => splitState(state)"
      }
    ],
    law: "a snapshot holds what was cut off",
    why: "Commands that are applied while a snapshot is written show in it.",
    scenarios: snapshots
  },
  {
    id: "snapshot/installed-over-a-newer-log",
    edits: [
      {
        file: outsider,
        find: "if (base.slot <= slotMax(state.chosen, log.base.slot))",
        replace: "if (base.slot <= log.base.slot)"
      },
      {
        file: outsider,
        find: "const agrees = log.ballotAt(base.slot) === base.ballot",
        replace: "const agrees = false"
      },
      {
        file: "actors/learner.ts",
        find: "const isInstalled = by.applied > replica.applied && intoLog()",
        replace: "const isInstalled = intoLog()"
      }
    ],
    law: "chosen values survive",
    why: "A snapshot takes the place of a log that is further on: what was voted for behind it is gone.",
    scenarios: snapshots
  },
  {
    id: "snapshot/log-that-differs-is-kept",
    edits: [
      {
        file: outsider,
        find: "const agrees = log.ballotAt(base.slot) === base.ballot",
        replace: "const agrees = log.last >= base.slot"
      }
    ],
    law: "log matching",
    why: "What stood behind a log that differs from the snapshot is taken for what follows it.",
    scenarios: ["stranded"]
  },
  {
    id: "snapshot/checksum-not-checked",
    edits: [
      {
        file: "runtime/storage/blocks.ts",
        find: "if (this.#chain !== view.getUint32(at + 4, true))",
        replace: "if (this.#chain < 0)"
      }
    ],
    law: "same prefix, same state",
    why: "A snapshot that rotted on a disk is read, or sent to another node, as if it were sound.",
    scenarios: ["rotten-snapshots"]
  },
  {
    id: "snapshot/due-by-a-coarse-index",
    edits: [
      {
        file: groupLog,
        find: "Math.min(indexSpacingBytes.value, segmentBytes / 4, snapshotBytes / 8)",
        replace: "Math.min(indexSpacingBytes.value, segmentBytes / 4, snapshotBytes * 8_000)"
      }
    ],
    law: "snapshots-made: the log has grown by half of snapshotBytes for each",
    why: "The index tells where a snapshot stands to within 64 KiB: below that, the next one is always due.",
    scenarios: ["snapshots-made"]
  },
  {
    id: "cut/promise-left-out-of-the-checkpoint",
    edits: [
      {
        file: groupLog,
        find: "if (this.#promised > noBallot) this.persist(",
        replace: "if (this.#promised < noBallot) this.persist("
      }
    ],
    law: "promises never fall",
    why: "The segment with the promise is removed, and nobody wrote it again: a restart forgets it.",
    scenarios: snapshots
  },
  {
    id: "cut/lease-left-out-of-the-checkpoint",
    edits: [
      {
        file: groupLog,
        find: "    if (this.#leaseNotedMs > 0) this.persist({",
        replace: "    if (this.#leaseNotedMs < 0) this.persist({"
      }
    ],
    law: "a restart remembers",
    why: "The segment that says how long leases may run is removed: after a restart nobody waits for them.",
    scenarios: snapshots
  },
  {
    id: "cut/checkpoint-left-out",
    edits: [
      {
        file: compaction,
        find: "for (const log of logs) log.checkpoint()",
        replace: "for (const log of logs) log.base"
      }
    ],
    law: "a process broke",
    why: "What the removed segments said beside entries is written nowhere else.",
    scenarios: snapshots
  },
  {
    id: "cut/removes-what-is-needed",
    edits: [
      {
        file: compaction,
        find: "needed = Math.min(needed, startPosition ?? needed)",
        replace: "needed = Math.max(needed, startPosition ?? needed)"
      }
    ],
    law: "a process broke",
    why: "Segments go that hold entries which no snapshot has.",
    scenarios: snapshots
  },
  {
    id: "cut/not-noted-before-the-removal",
    edits: [
      {
        file: "runtime/storage/segments.ts",
        find: "yield* save({ first: segment, firstSequence, durable })",
        replace: "yield* save({ durable })"
      }
    ],
    law: "a process broke",
    why: "The directory does not know that segments were removed: the next start takes them for lost.",
    scenarios: snapshots
  },
  {
    id: "leader/reads-below-its-base",
    edits: [
      {
        file: "protocol/replication/progress.ts",
        find: "const prevSlot = slotMax(slotMin(slotPlus(next, -1), end), log.base.slot)",
        replace: "const prevSlot = slotMin(slotPlus(next, -1), end)"
      },
      {
        file: "protocol/replication/progress.ts",
        find: "next: slotPlus(slotMax(slotMax(agreed, before.acknowledged), log.base.slot), 1),",
        replace: "next: slotPlus(slotMax(agreed, before.acknowledged), 1),"
      },
      {
        file: "protocol/replication/progress.ts",
        find: "slotMin(message.hintSlot, replication.last)) < log.base.slot",
        replace: "slotMin(message.hintSlot, replication.last)) < 0"
      }
    ],
    law: "a process broke",
    why: "A leader wants to send an acceptor that is far behind what it has cut off.",
    scenarios: snapshots
  },
  {
    id: "snapshot/time-of-the-last-sweep-left-out",
    edits: [
      {
        file: snapshot,
        find: "{ ...noSessions(this.head.ttlMs), sweptMs: this.head.sweptMs }",
        replace: "noSessions(this.head.ttlMs)"
      }
    ],
    law: "same prefix, same state",
    why: "A replica from a snapshot forgets expired sessions at another slot than the others.",
    scenarios: ["forgotten-sessions"]
  },
  {
    id: "snapshot/life-of-sessions-left-out",
    edits: [
      {
        file: snapshot,
        find: "{ ...noSessions(this.head.ttlMs), sweptMs: this.head.sweptMs }",
        replace: "{ ...noSessions(), sweptMs: this.head.sweptMs }"
      }
    ],
    law: "same prefix, same state",
    why: "A replica from a snapshot runs a command of a session that has expired at all others.",
    scenarios: ["forgotten-sessions"]
  },
  {
    id: "cut/register-left-out-of-the-checkpoint",
    edits: [{ file: "actors/log/node-storage.ts", find: "() => keeper.checkpoint(), ", replace: "" }],
    law: "a process broke",
    why: "The segment with the masters' register is removed, and nobody wrote it again: a master forgets it.",
    scenarios: ["cut-masters"]
  }
]
