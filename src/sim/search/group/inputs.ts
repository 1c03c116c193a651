/** What a model asks of leaders and of the master, by the numbers that the world knows it by. */
import type { LeaderInput } from "../../../protocol/leader/input.ts"
import { PairMap } from "../pair-map.ts"
import { leaseSettings } from "./clock.ts"
import { modelSettings } from "./node.ts"
import type { World } from "./world.ts"

export class Inputs {
  readonly #world: World
  readonly #starts = new PairMap()
  readonly #reconfigures = new PairMap()
  readonly #retirements = new PairMap()

  constructor(world: World) {
    this.#world = world
  }

  /** A leader asks for this ballot, with the acceptors of a set of the scope. */
  start(ballot: number, set: number): number {
    const known = this.#starts.get(ballot, set)
    if (known >= 0) return known
    const { leases, foretells = false } = this.#world.scope
    const settings = { ...(leases === undefined ? modelSettings : leaseSettings), foretells }
    return this.#add(this.#starts, ballot, set, { _tag: "Start", ...this.#attempt(ballot, set), settings })
  }

  /** The same for its next ballot, while it leads. */
  reconfigure(ballot: number, set: number): number {
    const known = this.#reconfigures.get(ballot, set)
    if (known >= 0) return known
    const input: LeaderInput = { _tag: "Reconfigure", ...this.#attempt(ballot, set) }
    return this.#add(this.#reconfigures, ballot, set, input)
  }

  #attempt(ballot: number, set: number) {
    const { scope, replicas } = this.#world
    return { token: `t${ballot}`, acceptors: scope.sets[set]!.map((at) => replicas[at]!) }
  }

  #add(known: PairMap, ballot: number, set: number, input: LeaderInput): number {
    const number = this.#world.inputOf({ _tag: "ToLeader", input })
    known.set(ballot, set, number)
    return number
  }

  /** The request to retire an acceptor of the configuration that is active with a master: an envelope. */
  retirement(master: number, index: number): number {
    const known = this.#retirements.get(master, index)
    if (known >= 0) return known
    const world = this.#world
    const { ballot, generation, leader } = world.masters.values[master]!.active!
    const origin = { ballot, generation }
    const requestId = `retire${ballot}.${generation}`
    const request = { _tag: "Retire", requestId, origin, acceptor: world.replicas[index]! } as const
    const envelope = world.envelope({ _tag: "Request", from: leader.node, request })
    this.#retirements.set(master, index, envelope)
    return envelope
  }
}
