/** The laws that must hold after every event of every run. */
import { agreement } from "./agreement.ts"
import type { ClusterView, Law } from "./cluster-view.ts"
import { logMatching } from "./log-matching.ts"
import { oneActive } from "./one-active.ts"
import { promises } from "./promises.ts"
import { sameState } from "./same-state.ts"
import { survival } from "./survival.ts"

export const laws: ReadonlyArray<Law> = [promises, oneActive, logMatching, agreement, survival, sameState]

/** Begins one observation of one cluster by all laws. */
export const watchAll = (): ((view: ClusterView) => string | undefined) => {
  const watches = laws.map((law) => ({ law, check: law.watch() }))
  return (view) => {
    for (const { law, check } of watches) {
      const broken = check(view)
      if (broken !== undefined) return `${law.name} (${law.section}): ${broken}`
    }
    return undefined
  }
}
