/** Seeded bugs in how the segments of a log are made. */
import type { Mutant } from "./mutant.ts"

export const segmentMutants: ReadonlyArray<Mutant> = [
  {
    id: "wal/a-segment-counts-before-it-is-made",
    edits: [
      {
        file: "runtime/storage/segments.ts",
        find: "  yield* make\n  yield* save({ segments: segment })\n",
        replace: "  yield* Effect.andThen(save({ segments: segment }), make)\n"
      }
    ],
    law: "a process broke",
    why: "A power cut while the file is made leaves a log without a segment: its node has stopped for good.",
    scenarios: ["slow-segments"]
  },
  {
    id: "wal/a-segment-that-is-there-is-taken-for-durable",
    edits: [
      {
        file: "runtime/storage/segments.ts",
        find: "? files.makeDirectory(placeOf(directory))",
        replace: "? Effect.void"
      }
    ],
    law: "acknowledged, and once",
    why: "The directory of a segment could not be synced: a power cut takes the file with all that is in it.",
    scenarios: ["unsynced-segments"]
  }
]
