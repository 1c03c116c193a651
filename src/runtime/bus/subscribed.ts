/** Subscriptions of those who are to outlast a bus that goes away and comes back, also while they start. */
import { Effect, type Scope } from "effect"
import type { BadSubject, BusShape, BusUnavailable, Handlers } from "./port.ts"

const againMs = 50

/**
 * Subscribes as the bus does, and tries again where it was away, until the subscription is in force. A
 * connection that was lost between two subscriptions would else end a node that has just begun, and one that
 * was lost a moment later not.
 *
 * @returns when the server knows of the subscription; it ends with the scope
 * @throws `BadSubject` as the bus says it, `BusUnavailable` only where the connection was closed for good
 * @example
 * yield* subscribed(bus, "aplomb.prod.hello", { onMessage: (payload) => hear(payload) })
 */
export const subscribed = (
  bus: Pick<BusShape, "subscribe" | "status">,
  subject: string,
  handlers: Handlers
): Effect.Effect<void, BusUnavailable | BadSubject, Scope.Scope> =>
  Effect.catch(bus.subscribe(subject, handlers), (error) =>
    error._tag === "BusUnavailable" && bus.status() !== "Closed"
      ? Effect.flatMap(Effect.sleep(againMs), () => subscribed(bus, subject, handlers))
      : Effect.fail(error)
  )
