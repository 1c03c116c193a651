/** Words that were true once: of ballots that are over, or before a ballot was the active one. */
import { Effect } from "effect"
import type { FaultFamily } from "../../swarm/swarm.ts"
import { between, cut, staged, strand, unheard } from "./choreography.ts"
import { campaign } from "./families.ts"

/** Many answers come twice, and the second time so late that whoever they are for leads in a later ballot. */
export const lateCopies: FaultFamily = {
  name: "late-copies",
  share: 1,
  begin: ({ bus }) => {
    bus.faults = {
      ...bus.faults,
      duplication: { rate: 0.5, copiesMax: 1 },
      reordering: { rate: 0.4, delayMicros: { min: 100_000, max: 1_500_000 } }
    }
    return Effect.never
  }
}

/**
 * The third node acknowledges what the second one never gets, which leads without it; then the first one
 * leads again, and the third hears nothing of that but for what it said before.
 */
export const oldAcknowledgements: FaultFamily = staged(
  "old-acknowledgements",
  (world, { leader, second, third }) => {
    const { random } = world
    return Effect.gen(function* () {
      const stall = yield* strand(world, leader, second)
      campaign(world, second, [third])
      yield* Effect.sleep(random.range(50, 300))
      yield* stall
      const deaf = cut(world, [[leader, third]])
      campaign(world, leader, [second, third])
      yield* Effect.sleep(random.range(300, 1_500))
      yield* deaf
      yield* Effect.sleep(random.range(100, 400))
    })
  }
)

/**
 * A leader is replaced, and has got its next ballot when it hears no more of the master: it waits for the
 * activation while the second node leads on. Some of the clients know of nobody else to ask.
 */
export const unansweredCompletions: FaultFamily = staged(
  "unanswered-completions",
  (world, { leader, second, third }) => {
    const { random, bus } = world
    const { master } = world.cluster!.options
    return Effect.gen(function* () {
      const heal = unheard(world, [second, third])
      campaign(world, second, [leader, third])
      yield* Effect.sleep(random.range(30, 200))
      campaign(world, leader, [second, third])
      yield* Effect.sleep(random.range(1, 8))
      const unanswered = bus.severOneWay(master, leader.node)
      yield* Effect.sleep(random.range(5, 60))
      const apart = cut(world, between(leader, second, third))
      campaign(world, second, [third])
      yield* Effect.sleep(random.range(200, 1_000))
      yield* heal
      yield* apart
      unanswered()
      yield* Effect.sleep(random.range(100, 400))
    })
  }
)
