/** The shape of a run of clients at registers: which operations, how many, how large, how fast. */
import type { CountedRandom } from "../kernel/random.ts"
import { drawSpan, type Span } from "../kernel/timed-fault.ts"

export type OperationKind = "put" | "get" | "cas" | "delete"

/** Now and then all clients hurry for a while. */
interface Spurts {
  readonly everyMs: number
  readonly lastMs: number
  /** How long a lane thinks meanwhile, on average. */
  readonly thinkMs: number
}

/** The shape of one run: which operations, how many, how large, how fast. */
export interface Shape {
  readonly clients: number
  readonly keys: ReadonlyArray<string>
  readonly weights: ReadonlyArray<readonly [OperationKind, number]>
  /** Lanes of one client, each with one operation under way. */
  readonly lanes: number
  readonly paddingBytes: number
  /** How long a lane thinks between its operations, on average. */
  readonly thinkMs: number
  readonly spurts: Spurts | undefined
  readonly timeoutMs: number
  /** Operations in a row without a pause. */
  readonly burst: number
}

/**
 * Hurry is where requests meet each other and fill windows. What goes wrong between two faults needs time
 * rather, which is cheap to simulate while little is asked: so nobody hurries all the time.
 */
const drawSpurts = (random: CountedRandom, thinkMs: number): Spurts => {
  const everyMs = random.range(500, 4000)
  return { everyMs, lastMs: Math.ceil(everyMs / 10), thinkMs }
}

/**
 * Swarm: each kind of operation is in a run or not, and as often as it is drawn. One that writes is always
 * in.
 */
export const drawShape = (random: CountedRandom, perSecond: ReadonlyArray<Span>): Shape => {
  const [clients, lanes] = [random.range(1, 4), random.range(1, 4)]
  const thinkMs = (rate: number) => Math.ceil((clients * lanes * 1000) / rate)
  const weight = (chance: number) => (random.chance(chance) ? random.range(1, 4) : 0)
  const weights: ReadonlyArray<readonly [OperationKind, number]> = [
    ["put", random.range(1, 4)],
    ["get", weight(0.8)],
    ["cas", weight(0.7)],
    ["delete", weight(0.4)]
  ]
  return {
    clients,
    keys: Array.from({ length: random.range(1, 5) }, (_, index) => `key${index}`),
    weights,
    lanes,
    paddingBytes: random.weighted([
      [0, 6],
      [random.range(1, 300), 3],
      [random.range(1000, 20_000), 1]
    ]),
    thinkMs: thinkMs(drawSpan(random, random.pick(perSecond))),
    spurts: random.chance(0.4) ? drawSpurts(random, thinkMs(random.range(60, 400))) : undefined,
    timeoutMs: random.pick([400, 2000, 10_000, 30_000]),
    burst: random.weighted([
      [1, 4],
      [random.range(2, 10), 1]
    ])
  }
}
