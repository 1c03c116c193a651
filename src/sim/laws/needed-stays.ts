/**
 * What is needed stays: of a segment that a node removes, what any of its groups needs stands further on in
 * its log, durably; and of the snapshots that a log goes on from one is there.
 */
import { law } from "./laws.ts"

export const neededStays = law("what is needed stays", "7", (_facts, broken) => ({
  onForgotten: ({ node }, what) => broken(`${node} removes ${what}`)
}))
