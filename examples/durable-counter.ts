/**
 * A counter that keeps its number in a file, in simulation: its process is killed, its disk loses power,
 * fails and stalls, and no number that it has told is forgotten.
 * Run it: `tsx examples/durable-counter.ts`
 */
import { fileURLToPath } from "node:url"
import { buggify, hint, knob } from "aplomb/buggify"
import { type DiskFailed, Files } from "aplomb/files"
import {
  always,
  buggified,
  crashPoints,
  type FaultFamily,
  failedChanges,
  restarts,
  simulate,
  sometimes,
  timedFault
} from "aplomb/sim"
import { Effect } from "effect"

const path = "/counter/number"
/** How long it rests after a number. No correctness depends on it, so a simulation may turn it. */
const pauseMs = knob("durable-counter: pause", 20, { min: 1, max: 500 })

/** What the counter says: the number that it begins with, and each that is safe. */
interface Listener {
  readonly begins: (number: number) => void
  readonly tells: (number: number) => void
}

/** Counts for ever, as it does in production over `filesLayer` of `aplomb/files`. */
const counter = ({ begins, tells }: Listener) =>
  Effect.gen(function* () {
    const files = yield* Files
    yield* files.makeDirectory("/counter")
    const kept = yield* files.readFile(path)
    let number = kept === undefined ? 0 : Number(new TextDecoder().decode(kept))
    begins(number)
    const count = Effect.gen(function* () {
      yield* files.writeFileAtomic(path, new TextEncoder().encode(String(number + 1)))
      hint("counter: written, not told")
      tells(++number)
      yield* Effect.sleep(buggify("counter: a long rest") ? 2_000 : pauseMs.value)
    })
    // The old number or the new one is there: it writes the same again.
    const again = ({ message }: DiskFailed) => Effect.andThen(Effect.logWarning(message), Effect.sleep(100))
    yield* Effect.forever(Effect.catch(count, again))
  })

const remembered = always("durable-counter: a number that was told is remembered")
const restarted = sometimes("durable-counter: it began with a number of a former life")

/**
 * The disk stands still: faults of one's own. Made by `timedFault`, shrinking can leave out single strikes.
 */
const stalls: FaultFamily = {
  name: "stalls",
  share: 0.5,
  begin: ({ random, processes }) =>
    timedFault(random, { everyMs: 2_000, durationMs: { min: 10, max: 500 } }, (durationMs) =>
      Effect.sync(() => processes.get("counter")!.disk.stall(durationMs * 1000))
    )
}

/** The counter and all that may befall it. */
export const durableCounter = simulate("durable-counter")
  .about("a counter over a file: what it has told outlives kills, power cuts and writes that fail")
  .setup((world) => {
    let told = 0
    const begins = (number: number) => {
      remembered.check(number >= told, () => `${told} was told, and then it began with ${number}`)
      restarted.check(number > 0)
    }
    const tells = (number: number) => {
      told = number
    }
    world.addProcess({ name: "counter", program: () => counter({ begins, tells }) })
  })
  .faults(restarts, failedChanges, buggified, crashPoints, stalls)
  .chaosFor({ min: 5_000, max: 20_000 })
  .withoutRecovery()

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (let seed = 1; seed <= 10; seed++) {
    const { failure, families, struck } = durableCounter.run({ seed })
    console.log(`seed ${seed}: ${failure?.message ?? "nothing is wrong"}`)
    console.log(`  with ${families.join(", ") || "no faults"}; ${struck.length} strikes`)
  }
}
