/** What nodes do by themselves in a model, and how traces name it. */
import { type Replica, Slot } from "../../../protocol/ids.ts"
import type { LeaderInput } from "../../../protocol/leader/input.ts"
import { fastMs, slowMs } from "./clock.ts"
import type { NodeFacts } from "./facts.ts"
import type { NodeInput } from "./node-model.ts"
import { nodeNames, type Scope } from "./scope.ts"
import type { World } from "./world.ts"

const timer = (name: "heartbeat" | "hand-over"): LeaderInput => ({ _tag: "TimerFired", timer: name })

/** The inputs of nodes that are no messages, by the numbers that the world knows them by. */
export class Deeds {
  readonly slow: number
  readonly fast: number
  readonly restart: number
  readonly #scope: Scope
  readonly #propose: number
  readonly #sync: number
  readonly #beat: number
  readonly #waited: number
  readonly #look: number
  readonly #handOvers: ReadonlyArray<number>
  readonly #debtDue: number
  readonly #lessons: ReadonlyArray<number>
  readonly #ask: number
  readonly #askAndPropose: number

  constructor(world: World) {
    const input = (of: NodeInput): number => world.inputOf(of)
    const toLeader = (of: LeaderInput): number => input({ _tag: "ToLeader", input: of })
    this.#scope = world.scope
    this.restart = input({ _tag: "Restart" })
    this.#propose = input({ _tag: "Propose" })
    this.#ask = world.question
    this.#askAndPropose = input({ _tag: "Read", proposes: true })
    this.#sync = input({ _tag: "Sync" })
    this.slow = input({ _tag: "Passes", ms: slowMs })
    this.fast = input({ _tag: "Passes", ms: fastMs })
    this.#waited = input({ _tag: "LeaseWaited" })
    this.#beat = toLeader(timer("heartbeat"))
    this.#look = toLeader(timer("hand-over"))
    const slots = Array.from({ length: world.scope.slotsMax }, (_, index) => Slot(index + 1))
    this.#debtDue = input({ _tag: "DebtDue" })
    this.#lessons = world.replicas.flatMap(({ node: to }) =>
      slots.map((first) => input({ _tag: "Teach", to, first }))
    )
    this.#handOvers = world.replicas.map((to: Replica) => toLeader({ _tag: "HandOver", to }))
  }

  /** What a node can do. */
  of(facts: NodeFacts, does: (input: number) => void): void {
    const { canPropose, unsynced, phase, owes, isKeeping } = facts
    if (canPropose) does(this.#propose)
    if (facts.canRead) does(this.#ask)
    if (facts.canRead && canPropose) does(this.#askAndPropose)
    if (unsynced > 0) {
      does(this.#sync)
      does(this.restart)
    }
    if (owes) does(this.#debtDue)
    const { leases, teaches } = this.#scope
    if (teaches && phase === "Serving") for (const lesson of this.#lessons) does(lesson)
    if (leases === undefined) return
    if (isKeeping) does(this.#waited)
    if (leases.crashes) does(this.restart)
    if (phase !== "Serving") return
    does(this.#beat)
    if (!leases.handsOver) return
    does(this.#look)
    for (const handOver of this.#handOvers) does(handOver)
  }
}

/** What a node does, for a person. */
export const describeDeed = (name: string, input: NodeInput): string => {
  switch (input._tag) {
    case "Propose":
      return `${name} proposes`
    case "Read":
      return input.proposes ? `${name} is asked and proposes` : `${name} is asked`
    case "Sync":
      return `the disk of ${name} has its oldest write`
    case "DebtDue":
      return `${name} pays what it owes`
    case "Teach":
      return `${name} sends ${input.to} what is chosen from slot ${input.first} on`
    case "LeaseWaited":
      return `${name} has waited for the end of a lease`
    case "ToLeader":
      if (input.input._tag === "HandOver") return `${name} hands over to ${input.input.to.node}`
      if (input.input._tag !== "TimerFired") return `${name} gets ${input.input._tag}`
      return input.input.timer === "heartbeat" ? `${name} beats` : `${name} looks at its hand-over`
    default:
      return `${name} crashes`
  }
}

/** That time passes, faster for the nodes in the bits of `fast`. */
export const describeTick = (fast: number): string => {
  const names = nodeNames.filter((_, index) => (fast & (1 << index)) !== 0)
  return names.length === 0 ? "time passes" : `time passes, faster for ${names.join("")}`
}
