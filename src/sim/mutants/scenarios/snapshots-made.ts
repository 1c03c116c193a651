/** Counts the snapshots that a node makes, while nothing fails: each has to be worth its writing. */
import { always } from "../../assert.ts"
import type { WatchedGroup } from "../../laws/laws.ts"
import type { World } from "../../world.ts"

const isWorthIt = always("snapshots-made: the log has grown by half of snapshotBytes for each")

/** Before it can tell how far its log has grown, a node may make a few more. */
const fewMore = 3

/** A log is cut with each snapshot that is made, behind the one before. */
export const snapshotsMade = (world: World): void => {
  const seen = new Map<WatchedGroup, { made: number; base: number }>()
  world.afterEach(() => {
    for (const of of world.cluster?.oracle.running.values() ?? []) {
      const { base, bytes } = of.parts.log
      const before = seen.get(of) ?? { made: 0, base: 0 }
      if (base.slot === before.base) continue
      const made = before.made + 1
      seen.set(of, { made, base: base.slot })
      const most = fewMore + (2 * bytes) / world.cluster!.options.snapshotBytes
      isWorthIt.check(made <= most, () => `${of.node} has made ${made} for ${bytes} bytes of log`)
    }
  })
}
