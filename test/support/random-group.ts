/**
 * Random runs of a group within a scope of its search, without any of the reductions: rounds have their
 * numbers, timers fire, nodes restart and ask for ballots whenever they like, nothing on its way is left out.
 */
import type { LeaderInput } from "../../src/protocol/leader/input.ts"
import { type MasterState, masterStep } from "../../src/protocol/master/master.ts"
import { isToAcceptor } from "../../src/protocol/messages.ts"
import type { TimerName } from "../../src/protocol/step.ts"
import { realCores } from "../../src/sim/search/cores.ts"
import { generator } from "../../src/sim/search/generator.ts"
import type { Envelope, RequestEnvelope } from "../../src/sim/search/group/envelope.ts"
import type { GroupModel } from "../../src/sim/search/group/model.ts"
import { modelSettings, stepNode } from "../../src/sim/search/group/node.ts"
import type { NodeInput, NodeModel } from "../../src/sim/search/group/node-model.ts"
import { nodeNames, type Scope } from "../../src/sim/search/group/scope.ts"
import { valueAt } from "../../src/sim/search/memory-log.ts"
import { State } from "../../src/sim/search/model.ts"
import { permutations } from "../../src/sim/search/pool.ts"

export interface GroupParts {
  readonly nodes: ReadonlyArray<NodeModel>
  readonly master: MasterState
}

/** The parts of a state of the search. */
export const partsOf = ({ world, scope }: GroupModel, { words }: State): GroupParts => ({
  nodes: Array.from({ length: scope.nodes }, (_, index) => world.nodes.values[words[index]!]!),
  master: world.masters.values[words[scope.nodes]!]!
})

/** Promises, logs and the master's state, whatever nodes and values are called. */
export const groupLook = ({ nodes, master }: GroupParts): string =>
  permutations([...nodes.keys()])
    .map((order) => lookIn(order, nodes, master))
    .reduce((least, one) => (one < least ? one : least))

const lookIn = (order: ReadonlyArray<number>, nodes: GroupParts["nodes"], master: MasterState): string => {
  const values = new Map<string, number>()
  const logs = order.map((index) => {
    const { log } = nodes[index]!
    let text = `${log.promised}`
    for (let slot = 1; slot <= log.last; slot++) {
      const value = valueAt(log, slot as never)!
      if (!values.has(value)) values.set(value, values.size)
      text += `,${log.ballotAt(slot as never)}.${values.get(value)}`
    }
    return text
  })
  const placeOf = ({ node }: { readonly node: string }) => order.indexOf(indexOf(node))
  const { active, latest, nextBallot } = master
  const seats = active!.acceptors.map(placeOf).sort()
  const issued = latest?.configuration.ballot
  const chain = [nextBallot, active!.ballot, active!.generation, placeOf(active!.leader), seats, issued]
  return `${logs.join(" ")} | ${chain.join(" ")}`
}

const timers: ReadonlyArray<TimerName> = ["heartbeat", "retransmit", "master-retry"]

class RandomGroup {
  readonly nodes: Array<NodeModel>
  master: MasterState
  readonly #scope: Scope
  readonly #below: (count: number) => number
  #mail: Array<Envelope> = []
  #retires = 0
  #tokens = 0
  /** Through which slot anybody knows what is chosen. */
  #known = 0
  /** What must be known of the questions that wait, by node. */
  readonly #least: Array<Array<number>>

  constructor(model: GroupModel, random: () => number) {
    const first = new State()
    model.initial(first)
    const { nodes, master } = partsOf(model, first)
    this.nodes = [...nodes]
    this.master = master
    this.#scope = model.scope
    this.#below = (count) => Math.floor(random() * count)
    this.#least = nodes.map(() => [])
  }

  /** Something that can happen. */
  step(): void {
    const at = this.#below(this.#mail.length + 2)
    if (at < this.#mail.length) {
      const isLast = this.#below(5) > 0
      this.#deliver(isLast ? this.#mail.splice(at, 1)[0]! : this.#mail[at]!)
    } else if (this.#below(20) === 0) this.#retire()
    else this.#act(this.#below(this.nodes.length))
    if (this.#mail.length > 30) this.#mail = this.#mail.filter(() => this.#below(2) === 0)
  }

  #step(index: number, input: NodeInput): void {
    const before = this.nodes[index]!
    const from = before.self.node
    const { node, sent, requests, applied, answers } = stepNode(realCores, before, input)
    this.nodes[index] = node
    for (const { to, message } of sent) this.#mail.push({ _tag: "Peer", to: to as never, from, message })
    for (const request of requests) this.#mail.push({ _tag: "Request", from, request })
    for (const slot of answers)
      if (slot < this.#least[index]!.shift()!) throw new Error(`${from} answers a question from slot ${slot}`)
    if (node.leader._tag !== "Serving") this.#least[index] = []
    for (const { slot } of applied) this.#known = Math.max(this.#known, slot)
  }

  #toLeader(index: number, input: LeaderInput): void {
    this.#step(index, { _tag: "ToLeader", input })
  }

  #deliver(envelope: Envelope): void {
    if (envelope._tag === "Request") return this.#ask(envelope)
    if (envelope._tag === "Reply")
      return this.#toLeader(indexOf(envelope.to), { _tag: "FromMaster", reply: envelope.reply })
    if (envelope._tag !== "Peer") return
    const { message } = envelope
    const from = this.nodes[indexOf(envelope.from)]!.self
    const to = indexOf(envelope.to)
    if (isToAcceptor(message)) this.#step(to, { _tag: "ToAcceptor", from, message })
    else this.#toLeader(to, { _tag: "FromAcceptor", from, message })
  }

  #ask({ from, request }: RequestEnvelope): void {
    if (request._tag === "NewBallot" && this.master.nextBallot > this.#scope.ballotsMax) return
    const { state, reply } = masterStep(this.master, request)
    this.master = state
    this.#mail.push({ _tag: "Reply", to: from, reply })
  }

  #act(index: number): void {
    const { leader } = this.nodes[index]!
    const isServing = leader._tag === "Serving"
    const proposes = isServing && leader.last < this.#scope.slotsMax
    const choice = this.#below(this.#scope.reads ? 7 : 5)
    if (choice === 0) this.#step(index, { _tag: "Restart" })
    else if (choice <= 2) this.#start(index)
    else if (choice === 3)
      this.#toLeader(index, { _tag: "TimerFired", timer: timers[this.#below(timers.length)]! })
    else if (choice === 4 && proposes) this.#step(index, { _tag: "Propose" })
    else if (choice > 4 && isServing) {
      this.#least[index]!.push(this.#known)
      this.#step(index, { _tag: "Read", proposes: proposes && choice === 5 })
    }
  }

  #start(index: number): void {
    // The clock, which tells values apart, has one digit for them.
    if (this.nodes[index]!.starts === 9) return
    const sets = this.#scope.sets.filter((set) => set.includes(index))
    const acceptors = sets[this.#below(sets.length)]!.map((at) => this.nodes[at]!.self)
    const token = `${nodeNames[index]}${this.#tokens++}`
    this.#toLeader(index, { _tag: "Start", token, acceptors, settings: modelSettings })
  }

  #retire(): void {
    const { ballot, generation, leader, acceptors } = this.master.active!
    const others = acceptors.filter(({ node }) => node !== leader.node)
    if (this.#retires === this.#scope.retiresMax || others.length === 0) return
    this.#retires++
    const acceptor = others[this.#below(others.length)]!
    const requestId = `retire${ballot}.${generation}`
    const request = { _tag: "Retire", requestId, origin: { ballot, generation }, acceptor } as const
    this.#ask({ _tag: "Request", from: leader.node, request })
  }
}

const indexOf = (node: string): number => node.charCodeAt(0) - 65

/** A run; `visit` is shown what has changed on disks. A stale read ends it with an error. */
export const randomGroup = (
  model: GroupModel,
  seed: number,
  steps: number,
  visit: (parts: GroupParts) => void
): void => {
  const group = new RandomGroup(model, generator(seed))
  let shown: ReadonlyArray<unknown> = []
  for (let count = 0; count < steps; count++) {
    group.step()
    const disks = [...group.nodes.map(({ log }) => log), group.master]
    if (disks.every((one, index) => one === shown[index])) continue
    visit(group)
    shown = disks
  }
}
