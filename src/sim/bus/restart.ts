/**
 * The whole bus goes down and comes up again: everybody is disconnected, and all that is on the way is lost.
 */
import { Effect } from "effect"
import { type TimedFault, timedFault } from "../kernel/timed-fault.ts"
import { atOnce, detach, reattach } from "./attachment.ts"
import type { SimNetwork } from "./network.ts"

/** Stops the bus until the function returned is called; then each member reconnects after its own wait. */
export const stopBus = (network: SimNetwork): (() => void) => {
  if (!network.up) return () => {}
  network.up = false
  network.noteStrike("bus-restart", "bus")
  for (const member of [...network.members]) detach(network, member, atOnce)
  return () => {
    if (network.up) return
    network.up = true
    reattach(network, () => true)
  }
}

/** Restarts the bus again and again; `durationMs` is how long it stays down. */
export const restartFault = (network: SimNetwork, settings: TimedFault): Effect.Effect<never> =>
  timedFault(network.random, settings, (durationMs) =>
    Effect.suspend(() => {
      const start = stopBus(network)
      return Effect.ensuring(Effect.sleep(durationMs), Effect.sync(start))
    })
  )
