/** Actions of a group's model: numbers that are eight times what it is about, and the verb. */
import { describeDeed, describeTick } from "./deeds.ts"
import { describeEnvelope } from "./envelope.ts"
import type { NodeInput } from "./node-model.ts"
import { namesOf, nodeNames } from "./scope.ts"
import type { World } from "./world.ts"

export const verbs = { deliver: 0, act: 1, start: 2, retire: 3, reconfigure: 4, tick: 5 } as const
export const setsMax = 64
export const nodesMax = nodeNames.length

/** What an action is, for a person. */
export const describeAction = (world: World, action: number): string => {
  const about = action >> 3
  switch (action & 7) {
    case verbs.deliver:
      return describeEnvelope(world.envelopes.values[about]!)
    case verbs.act: {
      const input = world.inputs.values[Math.floor(about / nodesMax)] as NodeInput
      return describeDeed(nodeNames[about % nodesMax]!, input)
    }
    case verbs.tick:
      return describeTick(about)
    case verbs.start:
    case verbs.reconfigure: {
      const what = (action & 7) === verbs.start ? "starts a ballot of" : "reconfigures to"
      const set = namesOf(world.scope.sets[about % setsMax]!)
      return `${nodeNames[Math.floor(about / setsMax)]} ${what} ${set}`
    }
    default:
      return `the master retires ${nodeNames[about]}`
  }
}
