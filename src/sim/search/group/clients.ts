/**
 * The client of a model whose command is under way: what nodes have told it so far. It counts as early as it
 * can (docs/protocol.md, section 5, point 8); that it hears of something later, or never, is that it goes on
 * later, or never.
 */
import type { Told } from "./node-model.ts"

type Foretold = Extract<Told, { readonly _tag: "Foretold" }>

export interface Heard {
  /** By node and ballot: through which slot it has synced. */
  readonly synced: ReadonlyMap<string, ReadonlyMap<number, number>>
  /** What leaders have foretold and it has not counted yet, by ballot and slot. */
  readonly foretold: ReadonlyMap<string, Foretold>
}

export const heardNothing: Heard = { synced: new Map(), foretold: new Map() }

/** What it has heard once a node has told it something. */
export const hearing = (before: Heard, node: string, told: Told): Heard => {
  if (told._tag === "Foretold") {
    const foretold = new Map(before.foretold).set(`${told.ballot}.${told.slot}`, told)
    return { ...before, foretold }
  }
  const mine = new Map(before.synced.get(node))
  mine.set(told.ballot, Math.max(mine.get(told.ballot) ?? 0, told.slot))
  return { ...before, synced: new Map(before.synced).set(node, mine) }
}

/**
 * What has come true, and what is left: all acceptors have synced it in its ballot; its leader's has when it
 * is foretold.
 */
export const comeTrue = (before: Heard): readonly [ReadonlyArray<Foretold>, Heard] => {
  const { synced, foretold } = before
  const isTrue = ({ ballot, slot, leader, acceptors }: Foretold): boolean =>
    acceptors.every(({ node }) => node === leader.node || (synced.get(node)?.get(ballot) ?? 0) >= slot)
  const counted = [...foretold.values()].filter(isTrue)
  const left = new Map([...foretold].filter(([, one]) => !isTrue(one)))
  return [counted, { ...before, foretold: left }]
}
