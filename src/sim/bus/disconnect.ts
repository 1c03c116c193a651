/** A node that is cut off from the bus and comes back. */
import { Effect } from "effect"
import { drawSpan, type Span, type TimedFault, timedFault } from "../kernel/timed-fault.ts"
import { atOnce, detach, type Notice, reattach } from "./attachment.ts"
import type { SimNetwork } from "./network.ts"

/**
 * Cuts a node off from the bus until the function returned is called; then it reconnects by itself. What it
 * publishes meanwhile vanishes (`"disconnected"`), its subscriptions come back with it.
 */
export const cutOff = (network: SimNetwork, name: string, notice: Notice = atOnce): (() => void) => {
  const endpoint = network.endpoint(name)
  endpoint.cuts++
  network.noteStrike("disconnect", name, { ...notice })
  for (const member of [...network.members]) if (member.endpoint === endpoint) detach(network, member, notice)
  let back = false
  return () => {
    if (back || endpoint.cuts === 0) return
    back = true
    endpoint.cuts--
    reattach(network, (member) => member.endpoint === endpoint)
  }
}

export interface DisconnectFault extends TimedFault {
  /** How long until each side sees it, in microseconds, drawn apart for client and server. */
  readonly noticeMicros: Span
}

/** Cuts one node off after the other, again and again. */
export const disconnectFault = (network: SimNetwork, settings: DisconnectFault): Effect.Effect<never> =>
  timedFault(network.random, settings, (durationMs) =>
    Effect.suspend(() => {
      const nodes = network.endpoints()
      if (nodes.length === 0) return Effect.void
      const clientMicros = drawSpan(network.random, settings.noticeMicros)
      const serverMicros = drawSpan(network.random, settings.noticeMicros)
      const restore = cutOff(network, network.random.pick(nodes).name, { clientMicros, serverMicros })
      return Effect.ensuring(Effect.sleep(durationMs), Effect.sync(restore))
    })
  )
