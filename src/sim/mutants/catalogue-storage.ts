/** Seeded bugs of the write-ahead log, its recovery, and of the log of a group over it. */
import type { Mutant } from "./mutant.ts"

const recover = "runtime/storage/recover.ts"
const records = "runtime/storage/records.ts"
const writer = "runtime/storage/writer.ts"
const groupLog = "actors/log/group-log.ts"
const stored = "actors/log/stored-runs.ts"
const cache = "actors/log/run-cache.ts"
const power = ["power"]
const kills = ["kills"]
const atTheEnd = ["rot-at-the-end"]

export const storageMutants: ReadonlyArray<Mutant> = [
  {
    id: "wal/recovery-cuts-at-the-first-bad-record",
    edits: [
      { file: recover, find: "if (torn.frameOffset !== undefined) {", replace: "if (false) {" },
      { file: recover, find: "if (remains.frameOffset !== undefined) {", replace: "if (false) {" }
    ],
    law: "chosen values survive",
    why: "Rot in the middle of the log is taken for a torn tail: what was durable is cut (section 8).",
    scenarios: ["rot"]
  },
  {
    id: "wal/rot-before-a-torn-frame-is-cut",
    edits: [
      { file: recover, find: "yield* checkNothingFollows(segment, progress, torn.dirty)", replace: "" }
    ],
    law: "a restart remembers",
    why: "The last durable frame rots, a power cut tears the next one: both are cut as one torn tail.",
    scenarios: atTheEnd
  },
  {
    id: "wal/shorter-than-noted-is-taken",
    edits: [{ file: recover, find: "yield* checkReached(segment, progress, durable)\n", replace: "" }],
    law: "a rotten log is refused",
    why: "The very last frame of a log that was closed rots, and is cut like one that a crash has torn.",
    scenarios: atTheEnd
  },
  {
    id: "wal/cut-before-it-is-refused",
    edits: [
      {
        file: recover,
        find:
          "yield* checkReached(segment, progress, durable)\n    " +
          "yield* cutEnds(segments, cutting, tornEnds)\n",
        replace:
          "yield* cutEnds(segments, cutting, tornEnds)\n    yield* checkReached(segment, progress, durable)\n"
      }
    ],
    law: "a log that is refused is left as it is",
    why: "What is refused for ending too early has lost its end by then: nobody can repair it any more.",
    scenarios: atTheEnd
  },
  {
    id: "wal/recovery-acts-on-what-is-cached",
    edits: [
      {
        file: recover,
        find: "if (last !== undefined) yield* rewriteLastFrame(last.segment, last.progress)",
        replace: ""
      }
    ],
    law: "promises never fall",
    why: "A frame that a killed process left in a cache is read, and answered from: the power may take it.",
    scenarios: kills
  },
  {
    id: "wal/cut-is-not-noted",
    edits: [{ file: recover, find: "    yield* segments.noteCutting(true)\n", replace: "" }],
    law: "a process broke",
    why: "A torn end that was cut in a cache only, by a process that was killed, is back behind new frames.",
    scenarios: ["killed-cuts"]
  },
  {
    id: "wal/torn-first-frame-is-not-cut",
    edits: [
      {
        file: recover,
        find: "      tornEnds.push({ segment: segmentOf(after), offset: 0, dirty: remains.dirty })\n",
        replace: ""
      }
    ],
    law: "a process broke",
    why: "What is left of the first frame of a segment stands behind smaller ones, and is taken for damage.",
    scenarios: ["torn-firsts"]
  },
  {
    id: "master/directory-not-synced",
    edits: [
      {
        file: "actors/master/register.ts",
        find: "yield* files.makeDirectory(directory)\n",
        replace: "if ((yield* files.list(directory)).length === 0) yield* files.makeDirectory(directory)\n"
      }
    ],
    law: "one active configuration",
    why: "A master's file that a killed process had renamed, and not synced, counts as if it were durable.",
    scenarios: ["master-kills"]
  },
  {
    id: "wal/notes-the-segment-that-it-enters",
    edits: [
      {
        file: "runtime/storage/wal.ts",
        find: "Effect.ignore(Effect.suspend(() => segments.mark(writer.durableEnd))),",
        replace: "Effect.ignore(Effect.suspend(() => segments.mark(endPosition()))),"
      }
    ],
    law: "a process broke",
    why: "Where a first write into a segment fails, the log is noted to reach there, and refused later.",
    scenarios: ["brim"]
  },
  {
    id: "wal/checksum-not-checked",
    edits: [
      {
        file: records,
        find:
          "checksum(bytes.subarray(at + checksummedFrom, at + lengthBytes), seed) === " +
          "frameChecksum(view, at)",
        replace: "seed !== frameChecksum(view, at) || lengthBytes > 0"
      }
    ],
    law: "a process broke",
    why: "A frame torn by a power cut is read as if it were whole.",
    scenarios: power
  },
  {
    id: "wal/checksum-covers-the-header-only",
    edits: [
      {
        file: records,
        find: "checksum(bytes.subarray(at + checksummedFrom, at + lengthBytes), seed)",
        replace: "checksum(bytes.subarray(at + checksummedFrom, at + frameHeaderBytes), seed)"
      },
      {
        file: records,
        find: "checksum(this.bytes.subarray(checksummedFrom, this.end), seed)",
        replace: "checksum(this.bytes.subarray(checksummedFrom, frameHeaderBytes), seed)"
      }
    ],
    law: "log matching",
    why: "A torn frame whose header is whole is accepted.",
    scenarios: power
  },
  {
    id: "wal/synced-when-handed-over",
    edits: [
      {
        file: writer,
        find: "if (waiter.upTo <= this.durableCount) {",
        replace: "if (waiter.upTo <= this.framedCount) {"
      }
    ],
    law: "chosen is durable everywhere",
    why: "A sync is answered when the write is under way, not when it is durable.",
    scenarios: power
  },
  {
    id: "wal/failed-write-ignored",
    edits: [
      {
        file: writer,
        find: "this.writing = false\n    if (failure !== undefined) {",
        replace: "this.writing = false\n    if (failure !== undefined && this.sequence < 0) {"
      }
    ],
    law: "chosen is durable everywhere",
    why: "A write that failed counts as durable.",
    scenarios: ["bad-disks"]
  },
  {
    id: "wal/goes-on-after-a-failed-write",
    edits: [
      {
        file: writer,
        find: "this.failure ??= failure\n",
        replace: "this.waiters = []\n"
      }
    ],
    law: "chosen is durable everywhere",
    why:
      "After a failed write the log goes on as if nothing had been lost (section " +
      "8: fatal for the replica).",
    scenarios: ["bad-disks"]
  },
  {
    id: "log/promise-not-read-back",
    edits: [
      {
        file: groupLog,
        find: "if (record === undefined) return\n    this.#note(record)",
        replace: 'if (record === undefined) return\n    if (record._tag !== "Promised") this.#note(record)'
      }
    ],
    law: "promises never fall",
    why: "A restart forgets what was promised, though it is on the disk.",
    scenarios: power
  },
  {
    id: "log/last-run-not-read-back",
    edits: [
      {
        file: "runtime/storage/frames.ts",
        find: "if (frame === undefined) return false\n    if (frame.sequence",
        replace: "if (frame === undefined || frame.sequence % 16 === 0) return false\n    if (frame.sequence"
      }
    ],
    law: "a process broke",
    why: "The scan of the log stops before the end of it.",
    scenarios: power
  },
  {
    id: "log/cache-keeps-what-was-replaced",
    edits: [
      { file: cache, find: "this.#dropFrom(run.first)\n    const last", replace: "const last" },
      { file: cache, find: "runLast(last!) + 1 !== run.first", replace: "runLast(last!) + 1 < run.first" }
    ],
    law: "applied is chosen",
    why: "The cache of the newest runs still holds a suffix that the log has replaced.",
    scenarios: ["overtaken"]
  },
  {
    id: "log/disk-read-takes-replaced-entries",
    edits: [
      {
        file: stored,
        find: "runLast(run) < next || log.ballotAt(next) !== run.ballot) return undefined",
        replace: "runLast(run) < next) return undefined"
      },
      {
        file: stored,
        find: "const end = log.lastSlotOfBallot(run.ballot, runLast(run))",
        replace: "const end = runLast(run)"
      }
    ],
    law: "applied is chosen",
    why: "Entries are read back from the disk that were replaced since.",
    scenarios: ["overtaken-and-restarted"]
  },
  {
    id: "log/reads-on-behind-what-was-not-taken",
    edits: [
      {
        file: stored,
        find: "return { runs: found, next, position: takenFrom }",
        replace: "return { runs: found, next, position: position ?? takenFrom }"
      }
    ],
    law: "a process broke",
    why: "The next read of the disk begins behind a frame of which only the first runs were taken.",
    scenarios: ["snapshots"]
  },
  {
    id: "identity/wiped-disk-keeps-its-name",
    edits: [
      {
        file: "runtime/storage/identity.ts",
        find: 'const storageId = words.map(hex).join("")',
        replace: 'const storageId = words.map(() => hex(7)).join("")'
      }
    ],
    law: "chosen values survive",
    why:
      "A wiped acceptor answers under its old identity: a read quorum that forgot " +
      "its votes (a trap of section 1).",
    scenarios: ["wiped"]
  },
  {
    id: "identity/directory-of-any-node",
    edits: [
      {
        file: "runtime/storage/identity.ts",
        find: "if (node !== undefined && identity.node !== undefined && identity.node !== node) {",
        replace: "if (node !== undefined && identity.node !== undefined && identity.node === '') {"
      }
    ],
    law: "misplaced-directories: a node runs in the directory of another one",
    why: "A node that is started on the directory of another one answers with its votes, beside it.",
    scenarios: ["misplaced-directories"]
  }
]
