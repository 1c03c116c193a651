/** Links that are cut, one way or both: isolated nodes, halves, zones, asymmetric and flapping partitions. */
import { Effect } from "effect"
import type { CountedRandom } from "../kernel/random.ts"
import { type TimedFault, timedFault } from "../kernel/timed-fault.ts"
import type { Place } from "./topology.ts"

export type PartitionKind = "isolate" | "halves" | "random" | "zone" | "region" | "mute" | "deaf"

/** A node as partitions see it: its number on the network, and where it stands. */
export interface Partitionable {
  readonly index: number
  readonly name: string
  readonly place: Place
}

/** An ordered pair of node numbers: what the first sends does not reach the second. */
export type Severed = readonly [from: number, to: number]

/** Which links are cut now. Cuts add up: a link carries again when every partition that cut it is healed. */
export class Partitions {
  readonly #cuts = new Map<number, number>()
  #epoch = 0

  /** Whether anything is cut at all. */
  get any(): boolean {
    return this.#cuts.size > 0
  }

  blocks(from: number, to: number): boolean {
    return this.#cuts.has(from * 65536 + to)
  }

  /** Cuts these links until the function returned is called (once; more often does no harm). */
  sever(links: ReadonlyArray<Severed>): () => void {
    const keys = links.map(([from, to]) => from * 65536 + to)
    for (const key of keys) this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1)
    const epoch = this.#epoch
    let healed = false
    return () => {
      if (healed || epoch !== this.#epoch) return
      healed = true
      for (const key of keys) {
        const left = (this.#cuts.get(key) ?? 1) - 1
        if (left === 0) this.#cuts.delete(key)
        else this.#cuts.set(key, left)
      }
    }
  }

  /** Heals everything; functions returned by `sever` before do nothing any more. */
  healAll(): void {
    this.#cuts.clear()
    this.#epoch++
  }
}

/** All links between two sides, both ways. A node is on one side only. */
export const between = (
  some: ReadonlyArray<Partitionable>,
  others: ReadonlyArray<Partitionable>
): ReadonlyArray<Severed> =>
  some.flatMap((a) =>
    others.flatMap(
      (b): ReadonlyArray<Severed> => [
        [a.index, b.index],
        [b.index, a.index]
      ]
    )
  )

const oneWay = (
  some: ReadonlyArray<Partitionable>,
  others: ReadonlyArray<Partitionable>
): ReadonlyArray<Severed> => some.flatMap((a) => others.map((b): Severed => [a.index, b.index]))

/**
 * Draws whom a partition of this kind separates from the rest, and the links that it cuts. Empty with nobody
 * to part.
 */
export const drawPartition = (
  random: CountedRandom,
  kind: PartitionKind,
  nodes: ReadonlyArray<Partitionable>
): { readonly apart: ReadonlyArray<string>; readonly links: ReadonlyArray<Severed> } => {
  if (nodes.length < 2) return { apart: [], links: [] }
  const apart = drawSide(random, kind, nodes)
  const rest = nodes.filter((node) => !apart.includes(node))
  const names = apart.map((node) => node.name)
  switch (kind) {
    case "mute":
      return { apart: names, links: oneWay(apart, rest) }
    case "deaf":
      return { apart: names, links: oneWay(rest, apart) }
    default:
      return { apart: names, links: between(apart, rest) }
  }
}

const drawSide = (
  random: CountedRandom,
  kind: PartitionKind,
  nodes: ReadonlyArray<Partitionable>
): ReadonlyArray<Partitionable> => {
  switch (kind) {
    case "isolate":
    case "mute":
    case "deaf":
      return [random.pick(nodes)]
    case "halves":
      return random.shuffle(nodes).slice(0, Math.floor(nodes.length / 2))
    case "random":
      return random.shuffle(nodes).slice(0, random.range(1, nodes.length - 1))
    case "zone":
    case "region": {
      const names = [...new Set(nodes.map((node) => node.place[kind]))]
      const chosen = random.pick(names)
      return nodes.filter((node) => node.place[kind] === chosen)
    }
  }
}

export interface PartitionFault extends TimedFault {
  /** How often each kind is drawn. */
  readonly kinds: ReadonlyArray<readonly [kind: PartitionKind, weight: number]>
  /** Probability that a partition flaps: it comes and goes every `flapMs` while it lasts. */
  readonly flappingRate: number
  readonly flapMs: number
}

/** What the loop needs of a network. */
export interface PartitionTarget {
  readonly random: CountedRandom
  readonly partitions: Partitions
  readonly endpoints: () => ReadonlyArray<Partitionable>
  readonly noteStrike: (
    fault: string,
    node: string,
    fields: { readonly [field: string]: string | number }
  ) => void
}

/**
 * Parts the network again and again; each partition is healed when its time is over or the loop is
 * interrupted.
 */
export const partitionFault = (target: PartitionTarget, settings: PartitionFault): Effect.Effect<never> =>
  timedFault(target.random, settings, (durationMs) =>
    Effect.suspend(() => {
      const kind = target.random.weighted(settings.kinds)
      const { apart, links } = drawPartition(target.random, kind, target.endpoints())
      if (links.length === 0) return Effect.void
      const flaps = target.random.chance(settings.flappingRate)
      const name = flaps ? "partition-flapping" : `partition-${kind}`
      target.noteStrike(name, apart.join(), { durationMs })
      const once = (holdMs: number) =>
        Effect.suspend(() => {
          const heal = target.partitions.sever(links)
          return Effect.ensuring(Effect.sleep(holdMs), Effect.sync(heal))
        })
      if (!flaps) return once(durationMs)
      const flap = Effect.andThen(once(settings.flapMs), Effect.sleep(settings.flapMs))
      return Effect.repeat(flap, {
        times: Math.max(1, Math.ceil(durationMs / (2 * settings.flapMs)) - 1)
      }).pipe(Effect.asVoid)
    })
  )
