/** Messages of clients, and what becomes of those that the bus is too small for. */
import type { BusShape } from "../runtime/bus/port.ts"

/** More than what travels with entries or questions. */
const envelopeBytes = 512

/** Entries or questions that come to so much fit a message of the bus, whatever is around them. */
export const roomBytes = (bus: BusShape): number => bus.maxPayloadBytes - envelopeBytes

/**
 * Publishes what is to be answered. Says why nothing was sent, and what to do, where the bus takes no message
 * of that size: to send it again is of no use.
 */
export const send = (
  bus: BusShape,
  subject: string,
  bytes: Uint8Array,
  replyTo: string
): string | undefined => {
  if (bus.publish(subject, bytes, replyTo) !== "too-large") return undefined
  const what = `a message of ${bytes.length} bytes is over the limit of the bus, ${bus.maxPayloadBytes} bytes`
  return `${what}: make it smaller, or raise max_payload of the NATS servers`
}
