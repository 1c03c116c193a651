/**
 * The maze: four locks, each behind five gates in a row that open by chance only; two of them need others to
 * be open first.
 */
import { CountedRandom, type Recipe } from "../kernel/random.ts"
import type { Explored } from "./explore.ts"
import { Journal } from "./journal.ts"

const gates = 5
const gateChance = 0.05
const steps = 500
/** For each lock the locks that must be open before. */
const needs: ReadonlyArray<ReadonlyArray<number>> = [[], [0], [], [0, 2]]

/**
 * Walks through the maze; opening the last lock is the failure. By luck alone: (0.05 to the 5th) to the 4th a
 * try.
 */
export const walkMaze = (recipe: Recipe): Explored => {
  const random = new CountedRandom(recipe)
  const journal = new Journal(random)
  const open = new Set<number>()
  for (let step = 0; step < steps; step++) {
    random.bits()
    for (const [lock, before] of needs.entries()) {
      if (open.has(lock) || !before.every((other) => open.has(other))) continue
      let passed = 0
      journal.bucket("gate", `${lock}/1/${open.size}`)
      while (passed < gates && random.chance(gateChance)) {
        passed++
        if (passed < gates) journal.bucket("gate", `${lock}/${passed + 1}/${open.size}`)
      }
      if (passed < gates) continue
      open.add(lock)
      journal.bucket("open", `${lock}/${open.size}`)
    }
    if (open.size === needs.length) return { marks: journal.marks, failure: "all locks are open" }
  }
  return { marks: journal.marks }
}
