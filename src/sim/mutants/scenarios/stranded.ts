/** A log with a long end that was never chosen meets a snapshot of what was chosen in its place. */
import { Effect } from "effect"
import { sometimes } from "../../assert.ts"
import { awaiting } from "../../awaiting.ts"
import type { WatchedGroup } from "../../laws/laws.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { World } from "../../world.ts"
import { between, cut, staged } from "./choreography.ts"
import { campaign } from "./families.ts"

const met = sometimes("stranded: a snapshot ends within what a log has that was never chosen")

/** The other one has cut its log beyond what this one knows, and its newest snapshot ends within this log. */
const endsWithin = (from: WatchedGroup, { parts, disk }: WatchedGroup): boolean => {
  if (from.parts.log.first <= parts.acceptor().chosen + 1) return false
  const slot = Math.max(0, ...from.snapshots().map((snapshot) => snapshot.slot))
  return slot <= parts.log.last && disk.entries.ballots[slot - 1] !== from.disk.entries.ballots[slot - 1]
}

const looks = { everyMs: 0.2, forMs: 600 }

/** Clients stand still: nothing new is chosen. The effect returned lets them go on. */
const still = (clients: World["clients"]) => {
  for (const client of clients) client.freeze()
  return Effect.sync(() => {
    for (const client of clients) client.thaw()
  })
}

/**
 * The second node hears nothing of the leader, so that nothing is chosen and the log of the third one has
 * an end that never is. Then the second one leads without the third, which comes back when the snapshots
 * of what was chosen meanwhile end within its log, and has nobody else to ask.
 */
export const strandedLogs: FaultFamily = staged("stranded-logs", (world, { leader, second, third }) => {
  const { random } = world
  return Effect.gen(function* () {
    // What gathers while few batches are in flight is one batch by the next time.
    const gathered = cut(world, [[leader, second]])
    yield* Effect.sleep(random.range(300, 1_000))
    yield* gathered
    const before = third.parts.log.last
    yield* awaiting(() => third.parts.log.last >= before + 12, looks)
    const stall = cut(world, [[leader, second]])
    yield* Effect.sleep(random.range(200, 1_000))
    const apart = cut(world, between(third, second))
    const aside = cut(world, between(third, leader))
    // One alone goes on: with others there would be more under way than that end is long.
    const [one, ...others] = world.clients
    const moved = still(others)
    campaign(world, second, [leader])
    yield* stall
    yield* awaiting(() => endsWithin(second, third), looks)
    const alone = still([one!])
    yield* apart
    met.check(endsWithin(second, third))
    yield* Effect.sleep(random.range(4_000, 8_000))
    yield* alone
    yield* moved
    yield* aside
    yield* Effect.sleep(random.range(500, 2_000))
  })
})
