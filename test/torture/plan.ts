/**
 * What is done to a cluster, and when: drawn from a seed before anything starts, so that it can be told and
 * done again.
 */
import { seeded } from "../support/cluster-history.ts"

/** Every kind of fault, and how much of one is drawn, in milliseconds. */
export const faultKinds = {
  /** The process ends at once, and starts again later. */
  kill: [0, 4000],
  /** All processes end at once. */
  "kill-all": [0, 1500],
  /** The process stands still (SIGSTOP) and goes on. */
  freeze: [100, 10_000],
  /** The process is asked to stop, and starts again. */
  restart: [0, 2000],
  /** The process ends, and its data directory is gone. */
  wipe: [0, 2000],
  /** The small disk has no room left. */
  "fill-disk": [3000, 8000],
  /** Bytes of a file of a stopped node change. */
  corrupt: [0, 1000],
  /** A file of a stopped node loses its end. */
  truncate: [0, 1000],
  /** The data directory of a node is what it was so long ago. */
  "roll-back": [3000, 6000],
  /** The wall clock of a node is somewhere else. */
  "shift-clock": [1000, 6000],
  "restart-bus": [0, 2000],
  "freeze-bus": [100, 4000],
  /** A node's connection to the bus ends, and cannot be made again. */
  cut: [200, 8000],
  /** Nothing comes through any more, and nobody is told. */
  hold: [200, 8000],
  /** What a node sends does not arrive. */
  "hold-out": [200, 8000],
  /** What is sent to a node does not arrive. */
  "hold-in": [200, 8000],
  /** The connections of all clients end, and cannot be made again for a while. */
  "cut-clients": [200, 4000],
  /** Nothing comes through between the clients and the bus. */
  "hold-clients": [200, 4000],
  /** The way to and from a node takes longer. */
  delay: [1000, 8000]
} as const satisfies Readonly<Record<string, readonly [fromMs: number, toMs: number]>>

export type FaultKind = keyof typeof faultKinds

/** What takes a replica for good, so that another one has to be taken in. */
export const losesDisk: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "wipe",
  "corrupt",
  "truncate",
  "roll-back"
])

/** What strikes only while nothing else does. */
export const standsAlone: ReadonlySet<FaultKind> = new Set<FaultKind>(["kill-all", "roll-back"])

/** Whom it strikes: looked up when the time has come, since nobody knows before who leads then. */
export type Target = "leader" | "follower" | "any"

export interface Fault {
  readonly number: number
  readonly kind: FaultKind
  readonly target: Target
  /** Decides between the nodes that the target fits, and other small choices. */
  readonly draw: number
  /** Pause between the end of the fault before it, or its beginning, and this one. */
  readonly afterMs: number
  /** How long it lasts; of a stopped process, how long it stays away. */
  readonly forMs: number
  /** Begins although the one before it has not ended. */
  readonly overlaps: boolean
}

export interface PlanOptions {
  readonly seed: number
  /** Planned are as many faults as can begin in this time, and more. */
  readonly forMs: number
  readonly kinds: ReadonlyArray<FaultKind>
}

/** What a run is told. */
export interface TortureOptions {
  readonly seed: number
  readonly forMs: number
  readonly kinds: ReadonlyArray<FaultKind>
  readonly acceptors: number
  readonly spares: number
  readonly clients: number
  /** No fault begins after so many have struck, although there is time left. */
  readonly faultsMax?: number
  readonly say: (line: string) => void
}

const shortestMs = 400
const pauseMs = [200, 2500] as const
const targets: ReadonlyArray<Target> = ["leader", "leader", "follower", "any"]
/** One of so many faults does not wait for the end of the one before. */
const overlapsOneOf = 5

/** Faults of all kinds, each kind once in random order before any comes again. */
export const planOf = ({ seed, forMs, kinds }: PlanOptions): ReadonlyArray<Fault> => {
  const draw = seeded(seed)
  const between = ([from, to]: readonly [number, number]) => from + draw(to - from + 1)
  // Short faults are as frequent as long ones: only they show what a short timeout does.
  const lasting = ([from, to]: readonly [number, number]) =>
    Math.round(between([from, draw(2) === 0 ? Math.min(to, from + 1000) : to]))
  const plan: Array<Fault> = []
  let left: Array<FaultKind> = []
  for (let number = 1; number <= Math.ceil(forMs / shortestMs); number++) {
    if (left.length === 0) left = [...kinds]
    const [kind] = left.splice(draw(left.length), 1) as [FaultKind]
    plan.push({
      number,
      kind,
      target: targets[draw(targets.length)]!,
      draw: draw(2 ** 20),
      afterMs: between(pauseMs),
      forMs: lasting(faultKinds[kind]),
      overlaps: draw(overlapsOneOf) === 0
    })
  }
  return plan
}
