/** Has done what a plan says: chooses whom each fault strikes, and keeps what became of it. */
import { Effect } from "effect"
import { type NodeSeen, surveyNodes } from "../../src/client/discover.ts"
import { subjectsOf } from "../../src/wire/subjects.ts"
import { type ClusterNode, clusterName } from "../support/cluster.ts"
import { type Fault, type FaultKind, losesDisk, standsAlone } from "./plan.ts"
import { type Strike, Strikes } from "./strikes.ts"
import type { WorldMade } from "./world.ts"

/** What became of a fault: whom it struck, or why it was left out. */
export interface Struck {
  readonly fault: Fault
  readonly node: string | undefined
  readonly skipped: string | undefined
  /** From the beginning of the run. */
  readonly fromMs: number
  readonly toMs: number
  readonly note: string | undefined
}

/** What strikes no node, but what stands between all of them, or between them and the clients. */
const strikesOther: ReadonlyMap<FaultKind, string> = new Map([
  ["restart-bus", "the bus"],
  ["freeze-bus", "the bus"],
  ["cut-clients", "the clients"],
  ["hold-clients", "the clients"]
])
/** A replica lost so much of its disk: until it is in a later configuration it decides nothing. */
interface Loss {
  readonly ballot: number
}

const surveyMs = 300

/** The newest configuration of the group that any node has heard of. */
const configurationIn = (seen: ReadonlyArray<NodeSeen>) =>
  seen
    .flatMap(({ groups }) => groups.map(({ configuration }) => configuration))
    .filter((each) => each !== undefined)
    .sort((a, b) => b.ballot - a.ballot || b.generation - a.generation)[0]

export class Faults {
  readonly #world: WorldMade
  readonly #nowMs: () => number
  readonly struck: Array<Struck> = []
  /** Nodes that a fault has in its hands just now, and the bus. */
  readonly #busy = new Set<string>()
  readonly #losses = new Map<string, Loss>()
  /** What no fault explains; the run has failed. */
  readonly findings: Array<string> = []

  readonly #strikes: Strikes

  constructor(world: WorldMade, nowMs: () => number) {
    this.#world = world
    this.#nowMs = nowMs
    this.#strikes = new Strikes(world, this.findings)
  }

  /** Nodes that are not up although no fault has them down. */
  look(): void {
    for (const node of this.#world.cluster.nodes) {
      if (node.isUp() || this.#busy.has(node.id) || this.#known.has(node.process().pid)) continue
      this.#known.add(node.process().pid)
      const exit = node.process().exit()
      const words = node.process().log().slice(-1500)
      this.findings.push(`${node.id} ended by itself (${exit?.signal ?? exit?.code}): ${words}`)
    }
  }
  readonly #known = new Set<number>()

  /** Performs a fault to its end; what cannot be done now is noted as skipped. */
  perform(fault: Fault): Strike<void> {
    return Effect.gen({ self: this }, function* () {
      const fromMs = this.#nowMs()
      const note = (node: string | undefined, skipped: string | undefined, what?: string) =>
        this.struck.push({ fault, node, skipped, fromMs, toMs: this.#nowMs(), note: what })
      const impossible = this.#world.impossible.get(fault.kind)
      if (impossible !== undefined) return void note(undefined, impossible)
      const seen = yield* this.status
      const whom = this.#choose(fault, seen)
      if (typeof whom === "string") return void note(undefined, whom)
      const names = whom.map(({ id }) => id)
      const other = strikesOther.get(fault.kind)
      const taken = this.#takenBy(fault, other === undefined ? names : [other])
      for (const name of taken) this.#busy.add(name)
      if (losesDisk.has(fault.kind))
        this.#losses.set(names[0]!, { ballot: configurationIn(seen)?.ballot ?? 0 })
      const what = yield* this.#strikes
        .strike(fault, whom)
        .pipe(Effect.ensuring(Effect.sync(() => taken.forEach((name) => void this.#busy.delete(name)))))
      note(names.length === 1 ? names[0] : undefined, undefined, what)
    })
  }

  /** What the nodes say; nothing while the bus is away. */
  readonly status: Effect.Effect<ReadonlyArray<NodeSeen>> = Effect.suspend(() =>
    surveyNodes(
      this.#world.bus,
      subjectsOf(clusterName),
      surveyMs,
      (seen) => seen.size === this.#world.cluster.nodes.length
    )
  ).pipe(Effect.catch(() => Effect.as(Effect.sleep(surveyMs), [])))

  /** Whoever is to refuse an old copy must hear the others: nothing may strike them meanwhile. */
  #takenBy({ kind }: Fault, names: ReadonlyArray<string>): ReadonlyArray<string> {
    if (kind !== "roll-back") return names
    return [...this.#world.cluster.nodes.map(({ id }) => id), ...strikesOther.values()]
  }

  #choose(fault: Fault, seen: ReadonlyArray<NodeSeen>): ReadonlyArray<ClusterNode> | string {
    const other = strikesOther.get(fault.kind)
    if (other !== undefined) return this.#busy.has(other) ? `${other} cannot be struck twice` : []
    const { nodes } = this.#world.cluster
    if (standsAlone.has(fault.kind) && this.#busy.size > 0) return "another fault is at work"
    if (fault.kind === "kill-all") return nodes
    const free = nodes.filter(({ id }) => !this.#busy.has(id))
    if (losesDisk.has(fault.kind)) return this.#chooseLoss(fault, seen, free)
    if (fault.kind === "fill-disk") {
      const small = free.find(({ id }) => id === this.#world.small?.node)
      return small === undefined ? "its node is struck already" : [small]
    }
    const { leader, acceptors = [] } = configurationIn(seen) ?? {}
    const fits = free.filter(({ id }) =>
      fault.target === "leader"
        ? id === leader
        : fault.target === "any" || (acceptors.includes(id) && id !== leader)
    )
    const among = fits.length > 0 ? fits : free
    const node = among[fault.draw % among.length]
    return node === undefined ? "all nodes are struck already" : [node]
  }

  /** A disk may go only while every other acceptor of the active configuration is whole and there. */
  #chooseLoss(
    fault: Fault,
    seen: ReadonlyArray<NodeSeen>,
    free: ReadonlyArray<ClusterNode>
  ): ReadonlyArray<ClusterNode> | string {
    const configuration = configurationIn(seen)
    if (configuration === undefined) return "nobody knows who is in the configuration"
    const { ballot, acceptors } = configuration
    for (const [id, loss] of this.#losses) {
      if (ballot > loss.ballot && acceptors.includes(id)) this.#losses.delete(id)
    }
    const isThere = (id: string) => !this.#busy.has(id) && seen.some((node) => node.id === id)
    const isWhole = (id: string) => !this.#losses.has(id) && isThere(id)
    // Of three masters the other two have to be there, to give the new disk its seat.
    const { masters } = this.#world
    const isSpared = (id: string) =>
      !masters.includes(id) || (masters.length > 1 && masters.every((each) => each === id || isThere(each)))
    const possible = free.filter(({ id }) => {
      const others = acceptors.filter((each) => each !== id)
      return others.length > 0 && isSpared(id) && others.every(isWhole) && !this.#losses.has(id)
    })
    const node = possible[fault.draw % possible.length]
    return node === undefined ? "another disk is not whole" : [node]
  }
}
