/** Ways to choose what happens next in a random walk. No one of them finds every bug soon. */
import type { Model, State } from "./model.ts"

type Random = () => number

/** Chooses one of the actions of a state, by its place among them. */
export type Choose = (actions: State) => number

export interface Strategy {
  readonly name: string
  /** What the walk does that begins now; each has its own luck. */
  readonly begin: (model: Model, random: Random, stepsMax: number) => Choose
  /** Walks begin at states that once were new, not at the first one. */
  readonly isGuided?: true
}

/** Every action is as likely as any other. */
export const uniform: Strategy = {
  name: "uniform",
  begin: (_model, random) => (actions) => Math.floor(random() * actions.size)
}

/**
 * Each kind of action has a weight of its own, drawn anew for every walk: a walk in which one node is slow
 * and another fast reaches what an even mixture almost never does.
 */
export const swarm: Strategy = {
  name: "swarm",
  begin: (model, random) => {
    const weights: Array<number> = []
    const weightOf = (kind: number): number => (weights[kind] ??= 10 ** (3 * random() - 1.5))
    return ({ words, size }) => {
      let sum = 0
      for (let at = 0; at < size; at++) sum += weightOf(model.kindOf(words[at]!))
      let left = random() * sum
      for (let at = 0; at < size; at++) {
        left -= weightOf(model.kindOf(words[at]!))
        if (left <= 0) return at
      }
      return size - 1
    }
  }
}

/**
 * Priorities, as in PCT (Burckhardt and others, 2010): the most important kind of action happens first,
 * always; at a few points drawn beforehand the one that is about to happen becomes the least important.
 */
const priorities: Strategy = {
  name: "priorities",
  begin: (model, random, stepsMax) => {
    const points = new Set(
      Array.from({ length: 1 + Math.floor(6 * random()) }, () => Math.floor(stepsMax * random()))
    )
    const ranks: Array<number> = []
    const rankOf = (kind: number): number => (ranks[kind] ??= 1 + random())
    let step = 0
    const most = ({ words, size }: State): number => {
      let best = 0
      for (let at = 1; at < size; at++)
        if (rankOf(model.kindOf(words[at]!)) > rankOf(model.kindOf(words[best]!))) best = at
      return best
    }
    return (actions) => {
      const first = most(actions)
      if (!points.has(step++)) return first
      ranks[model.kindOf(actions.words[first]!)] = -step
      return most(actions)
    }
  }
}

/**
 * Delays, as in delay-bounded scheduling (Emmi and others, 2011): messages arrive as they are numbered, and
 * nothing else happens while there is one; but for a few points where another action gets its turn.
 */
const delays: Strategy = {
  name: "delays",
  begin: (_model, random) => {
    const chance = 0.05 + 0.45 * random()
    return ({ size }) => (random() < chance ? Math.floor(random() * size) : 0)
  }
}

/** As swarm, from states that looked new when they were reached. */
export const guided: Strategy = { name: "guided", begin: swarm.begin, isGuided: true }

export const strategies: ReadonlyArray<Strategy> = [uniform, swarm, priorities, delays, guided]
