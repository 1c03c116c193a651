/** Exhaustive search over the real cores, breadth first; and random walks over the same model. */
import { noSlot } from "../../protocol/ids.ts"
import type { Cores } from "./cores.ts"
import { generator } from "./generator.ts"
import { type Action, actionsOf, type ModelState, type Next } from "./state.ts"
import { type Scope, World } from "./world.ts"

export interface Found {
  readonly broken: string
  readonly steps: ReadonlyArray<string>
}

export interface Searched {
  readonly found: Found | undefined
  readonly states: number
  readonly coreSteps: number
  /** Every state within the scope was seen. */
  readonly complete: boolean
}

const keyOf = (state: ModelState, chosenIds: Map<string, number>): string => {
  const codes: Array<number> = [...state.nodes, state.master, state.retires]
  for (const value of state.chosen) {
    if (value === undefined) codes.push(0)
    else {
      if (!chosenIds.has(value)) chosenIds.set(value, chosenIds.size + 1)
      codes.push(chosenIds.get(value)!)
    }
  }
  codes.push(...state.soup)
  return String.fromCharCode(
    ...codes.flatMap((code) => (code < 0x8000 ? [code] : [0x8000 | (code >> 15), code & 0x7fff]))
  )
}

/** The first ballot with a leader is active and serves; nothing is on its way. */
const initialState = (world: World): ModelState => {
  const { scope, replicas, cores } = world
  const acceptors = scope.initial.map((index) => replicas[index]!)
  const leader = acceptors[0]!
  const bootstrap = { _tag: "Bootstrap", requestId: "b", leader, acceptors, minAcceptors: 1 } as const
  const master = world.masters.intern(cores.masterStep(world.freshMaster(), bootstrap).state)
  const empty = { master, soup: [], retires: 0, chosen: Array(scope.slotsMax + 1).fill(undefined) }
  let state: ModelState = { nodes: world.freshNodes(), ...empty }
  const at = scope.initial[0]!
  const set = scope.sets.findIndex((one) => String(one) === String(scope.initial))
  const first = scope.initial.map((index) => "ABCDE"[index]).join("")
  const wanted = `${"ABCDE"[at]} starts a ballot of ${first}`
  if (set < 0) throw new Error("the first set of acceptors must be one of the sets")
  state = follow(world, state, wanted)
  while (!isServing(world, state, at)) state = follow(world, state, "gets")
  state = { ...state, soup: [] }
  for (const step of scope.prelude ?? []) state = follow(world, state, step)
  return state
}

const follow = (world: World, state: ModelState, wanted: string): ModelState => {
  const action = actionsOf(world, state).find((one) => one.name().includes(wanted))
  const next = action?.next()
  if (next === undefined || "broken" in next)
    throw new Error(`the way to the first state ends before: ${wanted}`)
  return next.state
}

const isServing = (world: World, state: ModelState, index: number): boolean => {
  const { leader } = world.nodes.values[state.nodes[index]!]!
  return leader._tag === "Serving" && leader.chosen === noSlot
}

export const searchAll = (cores: Cores, scope: Scope, statesMax: number): Searched => {
  const world = new World(cores, scope)
  const chosenIds = new Map<string, number>()
  const first = initialState(world)
  const seen = new Set([keyOf(first, chosenIds)])
  const parents: Array<number> = [-1]
  const names: Array<string> = [""]
  const queue: Array<ModelState> = [first]
  const result = (found: Found | undefined, complete: boolean): Searched => ({
    found,
    states: seen.size,
    coreSteps: world.coreSteps,
    complete
  })
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at]!
    delete queue[at]
    for (const action of actionsOf(world, state)) {
      const next = attempt(action)
      if ("broken" in next)
        return result({ broken: next.broken, steps: [...way(at, parents, names), action.name()] }, false)
      const key = keyOf(next.state, chosenIds)
      if (seen.has(key)) continue
      if (seen.size >= statesMax) return result(undefined, false)
      seen.add(key)
      queue.push(next.state)
      parents.push(at)
      names.push(action.name())
    }
  }
  return result(undefined, true)
}

/** A core that finds its own state impossible has found a bug as well. */
const attempt = (action: Action): Next => {
  try {
    return action.next()
  } catch (error) {
    if (error instanceof Error && error.name === "InvariantBroken")
      return { broken: `invariant: ${error.message}` }
    throw error
  }
}

export interface Walked {
  readonly found: Found | undefined
  readonly walks: number
  readonly steps: number
}

/**
 * Random walks, each with weights of its own for every kind of action (swarm): a walk in which one node is
 * slow and another fast reaches what an even mixture almost never does.
 */
export const walkAtRandom = (cores: Cores, scope: Scope, walksMax: number, stepsMax: number): Walked => {
  const world = new World(cores, scope)
  const first = initialState(world)
  let steps = 0
  for (let walk = 1; walk <= walksMax; walk++) {
    const random = generator(walk)
    const weights = new Map<string, number>()
    const weightOf = (kind: string): number => {
      if (!weights.has(kind)) weights.set(kind, 10 ** (3 * random() - 1.5))
      return weights.get(kind)!
    }
    const names: Array<string> = []
    let state = first
    for (let at = 0; at < stepsMax; at++) {
      const actions = actionsOf(world, state)
      if (actions.length === 0) break
      const action = draw(actions, weightOf, random)
      names.push(action.name())
      const next = attempt(action)
      steps++
      if ("broken" in next) return { found: { broken: next.broken, steps: names }, walks: walk, steps }
      state = next.state
    }
  }
  return { found: undefined, walks: walksMax, steps }
}

const draw = (
  actions: ReadonlyArray<Action>,
  weightOf: (kind: string) => number,
  random: () => number
): Action => {
  const weights = actions.map((action) => weightOf(action.name()))
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left <= 0) return actions[index]!
  }
  return actions[actions.length - 1]!
}

const way = (end: number, parents: ReadonlyArray<number>, names: ReadonlyArray<string>): Array<string> => {
  const steps: Array<string> = []
  for (let at = end; at > 0; at = parents[at]!) steps.push(names[at]!)
  return steps.reverse()
}
