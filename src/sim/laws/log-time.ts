/** The time of the log never goes back, whoever leads and whatever its wall clock says. */
import { law } from "./laws.ts"

export const logTime = law("log time never goes back", "5", (_facts, broken) => {
  const newest = new Map<string, { readonly life: number; readonly slot: number; readonly atMs: number }>()
  return {
    onApplied: ({ node, life, slot, atMs }) => {
      const before = newest.get(node)
      if (before !== undefined && before.life === life && slot > before.slot && atMs < before.atMs)
        broken(
          `the log says ${before.atMs} ms at slot ${before.slot} and ${atMs} ms at slot ${slot} of ${node}`
        )
      newest.set(node, { life, slot, atMs })
    }
  }
})
