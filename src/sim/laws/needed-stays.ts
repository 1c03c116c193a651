/**
 * What is needed stays: of a segment that a node removes, what any of its groups needs stands further on in
 * its log, durably, and the group knows where; and of the snapshots that a log goes on from one is there.
 */
import { law } from "./laws.ts"

export const neededStays = law("what is needed stays", "7", (facts, broken) => ({
  onForgotten: ({ node }, what) => broken(`${node} removes ${what}`),
  onShortened: (of) => {
    const { first, startPosition } = of.parts.log
    const place = of.disk.placeOf(first)
    if (facts.running.get(of.node) !== of || place === undefined || startPosition === undefined) return
    if (startPosition > place)
      broken(`${of.node} looks for slot ${first} from ${startPosition} on, and it stands at ${place}`)
  }
}))
