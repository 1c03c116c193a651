/** Somebody between the nodes hands packets on a second time, with a bit of them flipped. */
import { Effect } from "effect"
import { Bus } from "../../../runtime/bus/port.ts"
import { clusterName } from "../../cluster.ts"
import type { CountedRandom } from "../../kernel/random.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"

const withFlippedBit = (random: CountedRandom, payload: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(payload)
  copy[random.below(copy.length)]! ^= 1 << random.below(8)
  return copy
}

/** One in so many packets comes a second time, at once, damaged, to whom it was for. */
const oneIn = 4

/**
 * Damaged copies, of everything that is said. That the sound packet comes as well is no comfort to whoever
 * believes the other one.
 */
export const damagedCopies: FaultFamily = {
  name: "damaged-copies",
  share: 1,
  begin: (world) => {
    const { random } = world
    const damaged = new Set<Uint8Array>()
    const program = Effect.gen(function* () {
      const bus = yield* Bus
      yield* bus.subscribe(`aplomb.${clusterName}.>`, {
        onMessage: (payload, subject, replyTo) => {
          const isOwn = isAmong(damaged, payload)
          if (isOwn || payload.length === 0 || world.phase !== "chaos" || !random.chance(1 / oneIn)) return
          const copy = withFlippedBit(random, payload)
          damaged.add(copy)
          bus.publish(subject, copy, replyTo)
          world.kernel.trace.strike("damaged-copy", subject)
        }
      })
      return yield* Effect.never
    })
    world.addProcess({ name: "damager", program: () => program })
    return Effect.never
  }
}

/** Whether it is one of these, which then comes back no more. */
const isAmong = (sent: Set<Uint8Array>, payload: Uint8Array): boolean => {
  for (const one of sent) {
    if (one.length === payload.length && one.every((byte, index) => byte === payload[index]))
      return sent.delete(one)
  }
  return false
}
