/** Seeded bugs in how the segments of a log are made. */
import type { Mutant } from "./mutant.ts"

export const segmentMutants: ReadonlyArray<Mutant> = [
  {
    id: "wal/a-segment-counts-before-it-is-made",
    edits: [
      {
        file: "runtime/storage/segments.ts",
        find:
          "    yield* files.preallocate(path, identity.segmentBytes, yields)\n" +
          "  yield* save({ segments: segment })\n",
        replace:
          "    yield* Effect.andThen(\n      save({ segments: segment }),\n" +
          "      files.preallocate(path, identity.segmentBytes, yields)\n    )\n"
      }
    ],
    law: "a process broke",
    why: "A power cut while the file is made leaves a log without a segment: its node has stopped for good.",
    scenarios: ["slow-segments"]
  }
]
