/** The scopes that a search knows by name: how much of which model it covers. */
import type { Cores } from "./cores.ts"
import { GroupModel } from "./group/model.ts"
import type { Scope } from "./group/scope.ts"
import type { Model } from "./model.ts"
import { RegisterModel } from "./register/model.ts"
import type { RegisterScope } from "./register/parts.ts"

/** A scope by its name. Ballots are counted from the first that anybody leads. */
export interface NamedScope {
  readonly name: string
  readonly claim: string
  readonly make: (cores: Cores) => Model
  /** How many states it has, where it was searched to the end. */
  readonly states: number | undefined
}

const pairs = [
  [0, 1],
  [0, 2],
  [1, 2]
]
const anySets = [[0], [1], [2], ...pairs, [0, 1, 2]]

const common = { nodes: 3, slotsMax: 1, retiresMax: 0, duplicates: false }
const overPairs: Scope = { ...common, initial: [0, 1], sets: pairs, ballotsMax: 4 }
const overAny: Scope = { ...common, initial: [0, 1, 2], sets: anySets, ballotsMax: 4, retiresMax: 1 }
const overTriples: Scope = { ...overAny, sets: [[0, 1, 2]] }

/**
 * An entry of ballot 2 stays behind at A and C, while ballot 3 of B, which does not have it, becomes active.
 */
const staleEntry = [
  "A proposes",
  "C gets Accept in ballot 2",
  "B starts a ballot of ABC",
  "B gets Issued",
  "A gets Accept in ballot 3",
  "C gets Accept in ballot 3",
  "B gets Accepted in ballot 3 of A",
  "B gets Accepted in ballot 3 of C",
  "the master gets Complete of B",
  "B gets Activated"
]

const pair: Scope = { ...common, nodes: 2, initial: [0, 1], sets: [[0, 1]], ballotsMax: 3 }

/** Counted by searches to the end. */
const statesOf: Readonly<Record<string, number>> = {
  "two-ballots": 4882,
  "two-ballots-two-slots": 83_822,
  "two-ballots-late-disks": 108_694,
  "two-ballots-reconfigured": 5909,
  "three-ballots-reconfigured": 419_847,
  "three-ballots-pairs": 11_610,
  "three-ballots": 290_257,
  "three-ballots-two-slots-pairs": 70_382,
  triples: 23_865,
  "triples-stale-entry": 1796,
  "four-ballots": 11_261_082,
  "three-ballots-two-slots": 19_273_948,
  "four-ballots-pairs": 998_259,
  outsiders: 24_118,
  "outsiders-three-ballots": 1_254_835,
  "outsiders-any": 1_080_156,
  foretold: 2_241_166,
  "foretold-late-disks": 47_153,
  "foretold-leases": 1_326_937,
  leases: 160_422,
  "leases-reconfigured": 839_873,
  "leases-hand-overs": 294_199,
  "leases-three-ballots": 1_056_639,
  "leases-pairs": 1_376_838,
  "leases-triples": 3_250_184,
  "leases-any": 11_408_604,
  reads: 15_048,
  "reads-reconfigured": 56_849,
  "reads-two-slots": 1_991_712,
  "reads-three-ballots": 2_124_914,
  register: 2667,
  "register-second-attempt": 252_883,
  "register-given-up": 466_997,
  "register-two-attempts": 2_091_417
}

const group = (name: string, claim: string, scope: Scope): NamedScope => ({
  name,
  claim,
  states: statesOf[name],
  make: (cores) => new GroupModel(name, cores, scope)
})

const register = (name: string, claim: string, scope: RegisterScope): NamedScope => ({
  name,
  claim,
  states: statesOf[name],
  make: (cores) => new RegisterModel(name, cores, scope)
})

export const scopes: ReadonlyArray<NamedScope> = [
  group("two-ballots", "2 ballots over any acceptors, 1 slot, 1 retired; loss, duplicates", {
    ...overAny,
    ballotsMax: 3,
    duplicates: true
  }),
  group("two-ballots-two-slots", "2 ballots over any acceptors, 2 slots, 1 retired; loss", {
    ...overAny,
    ballotsMax: 3,
    slotsMax: 2
  }),
  group("two-ballots-late-disks", "2 ballots over any acceptors, 1 slot, 1 retired; loss, crashes", {
    ...overAny,
    ballotsMax: 3,
    lateDisks: true
  }),
  group("two-ballots-reconfigured", "2 ballots over any acceptors, or by their leader; 1 slot, 1 retired", {
    ...overAny,
    ballotsMax: 3,
    duplicates: true,
    reconfigures: true
  }),
  group("three-ballots-reconfigured", "3 ballots over any acceptors, or by their leader; 1 slot, 1 retired", {
    ...overAny,
    duplicates: true,
    reconfigures: true
  }),
  group("three-ballots-pairs", "3 ballots over pairs, 1 slot; loss", overPairs),
  group("three-ballots", "3 ballots over any acceptors, 1 slot, 1 retired; loss, duplicates", {
    ...overAny,
    duplicates: true
  }),
  group("three-ballots-two-slots", "3 ballots over any acceptors, 2 slots, 1 retired; loss, duplicates", {
    ...overAny,
    slotsMax: 2,
    duplicates: true
  }),
  group("four-ballots-pairs", "4 ballots over pairs, 1 slot, 1 retired; loss", {
    ...overPairs,
    ballotsMax: 5,
    retiresMax: 1
  }),
  group("four-ballots", "4 ballots over any acceptors, 1 slot, 1 retired; loss, duplicates", {
    ...overAny,
    ballotsMax: 5,
    duplicates: true
  }),
  group("three-ballots-two-slots-pairs", "3 ballots over pairs, 2 slots; loss", {
    ...overPairs,
    slotsMax: 2
  }),
  group("triples", "3 ballots over all three nodes, 1 slot, 1 retired; loss", overTriples),
  group("triples-stale-entry", "the same, with an old entry left at two of the nodes", {
    ...overTriples,
    prelude: staleEntry
  }),
  group("outsiders", "2 ballots over pairs, 2 slots; loss, and a third node that learns what is chosen", {
    ...overPairs,
    ballotsMax: 3,
    slotsMax: 2,
    teaches: true
  }),
  group("outsiders-three-ballots", "the same with 3 ballots", { ...overPairs, slotsMax: 2, teaches: true }),
  group("outsiders-any", "3 ballots over any acceptors, 1 slot, 1 retired; loss, and others learn", {
    ...overAny,
    teaches: true
  }),
  group("foretold", "2 ballots over two or all nodes, 3 slots of a lone client, 1 retired; loss", {
    ...overTriples,
    sets: [...pairs, [0, 1, 2]],
    ballotsMax: 3,
    slotsMax: 3,
    foretells: true
  }),
  group("foretold-late-disks", "2 nodes, 2 ballots, 3 slots of a lone client; loss, crashes", {
    ...pair,
    slotsMax: 3,
    foretells: true,
    lateDisks: true
  }),
  group("foretold-leases", "2 nodes, 2 ballots, 3 slots of a lone client, leases; clocks, loss", {
    ...pair,
    slotsMax: 3,
    foretells: true,
    leases: {}
  }),
  group("leases", "leases of 2 nodes, 2 ballots, 1 slot; clocks, loss, restarts, hand-overs", {
    ...pair,
    leases: { crashes: true, handsOver: true }
  }),
  group("leases-reconfigured", "the same, with ballots that their leader asks for, and 1 retired", {
    ...pair,
    retiresMax: 1,
    reconfigures: true,
    leases: { crashes: true, handsOver: true }
  }),
  group("leases-hand-overs", "leases of 2 nodes, 3 ballots, 1 slot; clocks, loss, hand-overs", {
    ...pair,
    ballotsMax: 4,
    leases: { handsOver: true }
  }),
  group("leases-three-ballots", "the same, with restarts", {
    ...pair,
    ballotsMax: 4,
    leases: { crashes: true, handsOver: true }
  }),
  group("leases-pairs", "leases of 3 nodes, 2 ballots over pairs, 1 slot; clocks, loss, restarts", {
    ...overPairs,
    ballotsMax: 3,
    leases: { crashes: true }
  }),
  group("leases-triples", "leases of 3 nodes, 2 ballots over all, 1 slot, 1 retired; clocks, loss", {
    ...overTriples,
    ballotsMax: 3,
    leases: {}
  }),
  group("leases-any", "leases of 3 nodes, 2 ballots over any acceptors, 1 slot, 1 retired; clocks, loss", {
    ...overAny,
    ballotsMax: 3,
    leases: {}
  }),
  group("reads", "2 ballots over pairs, 2 slots, questions answered by rounds; loss", {
    ...overPairs,
    ballotsMax: 3,
    slotsMax: 2,
    reads: true
  }),
  group(
    "reads-reconfigured",
    "questions, 2 ballots over any acceptors, or by their leader, 1 slot, 1 retired",
    {
      ...overAny,
      ballotsMax: 3,
      duplicates: true,
      reads: true,
      reconfigures: true
    }
  ),
  group("reads-two-slots", "questions, 2 ballots over any acceptors, 2 slots, 1 retired; loss", {
    ...overAny,
    ballotsMax: 3,
    slotsMax: 2,
    reads: true
  }),
  group(
    "reads-three-ballots",
    "questions, 3 ballots over any acceptors, 1 slot, 1 retired; loss, duplicates",
    {
      ...overAny,
      duplicates: true,
      reads: true
    }
  ),
  register("register", "3 keepers of a register, 2 proposers, an attempt each; loss, duplicates, crashes", {
    attempts: [1, 1]
  }),
  register("register-second-attempt", "the same with 2 attempts of one proposer", { attempts: [1, 2] }),
  register("register-given-up", "the same, and it may begin something else before it has finished", {
    attempts: [1, 2],
    givesUp: true
  }),
  register("register-two-attempts", "the same with 2 attempts of each", { attempts: [2, 2] })
]

/** The scope of a name. */
export const findScope = (name: string): NamedScope | undefined => scopes.find((one) => one.name === name)
