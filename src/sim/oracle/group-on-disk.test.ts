/** What is known of a group by the records that its node's disk holds. */
import { expect, it } from "vitest"
import { Ballot, Slot } from "../../protocol/ids.ts"
import { EntryLog } from "./entries.ts"
import { GroupOnDisk } from "./group-on-disk.ts"

it("keeps what is chosen behind a log without entries that is written again", () => {
  const chosen = new EntryLog()
  chosen.ballots.push(1, 1)
  chosen.hashes.push(11, 12)
  const disk = new GroupOnDisk()
  disk.onCut = (base) => disk.entries.fill(chosen, base.slot)
  const rewritten = {
    _tag: "Rewritten",
    base: { slot: Slot(2), ballot: Ballot(1), atMs: 0 },
    runs: []
  } as const
  disk.take(rewritten, 0)
  expect(disk.entries.firstDifference(chosen, 1, 2)).toBeUndefined()
  disk.take(rewritten, 100)
  expect(disk.entries.firstDifference(chosen, 1, 2)).toBeUndefined()
})
