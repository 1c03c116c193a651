/** Enough acceptors: no configuration is active that has fewer than the group is to go on with. */
import { sometimes } from "../assert.ts"
import { law } from "./laws.ts"

const fewest = sometimes("min-acceptors: a group had as few acceptors as it may have")

export const enoughAcceptors = law("enough acceptors", "2", (facts, broken) => ({
  onActivated: ({ ballot, acceptors }) => {
    const { minAcceptors } = facts
    const names = acceptors.map(({ node }) => node).join()
    if (acceptors.length < minAcceptors)
      broken(`ballot ${ballot} has the acceptors ${names}, and the group is to have ${minAcceptors} at least`)
    fewest.check(minAcceptors > 1 && acceptors.length === minAcceptors)
  }
}))
