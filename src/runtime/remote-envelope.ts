/**
 * The bytes of a message to a remote actor, and of the answer: positional, versioned, distrusted on arrival.
 */

import { pack, unpack } from "./codec.ts"
import type { DeadLetterReason } from "./dead-letters.ts"

const version = 1

/** What a remote actor is sent; the payload is still encoded. */
export interface RemoteMessage {
  readonly tag: string
  readonly payload: unknown
}

/** What it answers; value and error are still encoded. */
export type RemoteAnswer =
  | { readonly _tag: "Reply"; readonly value: unknown }
  | { readonly _tag: "Failure"; readonly error: unknown }
  | { readonly _tag: "Refused"; readonly reason: DeadLetterReason; readonly detail: string }

const reasons: ReadonlySet<unknown> = new Set<DeadLetterReason>([
  "full",
  "slid",
  "stopped",
  "crashed",
  "interrupted",
  "malformed",
  "control-full"
])

const isReason = (value: unknown): value is DeadLetterReason => reasons.has(value)

export const packMessage = (message: RemoteMessage): Uint8Array =>
  pack([version, message.tag, message.payload])

/** Undefined where the bytes are no message of this version. */
export const unpackMessage = (bytes: Uint8Array): RemoteMessage | undefined => {
  const fields = unpack(bytes)
  if (!Array.isArray(fields) || fields.length !== 3 || fields[0] !== version) return undefined
  const tag: unknown = fields[1]
  return typeof tag === "string" ? { tag, payload: fields[2] } : undefined
}

export const packAnswer = (answer: RemoteAnswer): Uint8Array => {
  switch (answer._tag) {
    case "Reply":
      return pack([version, 0, answer.value])
    case "Failure":
      return pack([version, 1, answer.error])
    case "Refused":
      return pack([version, 2, answer.reason, answer.detail])
  }
}

/** Undefined where the bytes are no answer of this version. */
export const unpackAnswer = (bytes: Uint8Array): RemoteAnswer | undefined => {
  const fields: unknown = unpack(bytes)
  if (!Array.isArray(fields) || fields[0] !== version) return undefined
  const [, kind, content, detail]: ReadonlyArray<unknown> = fields
  if (kind === 0) return { _tag: "Reply", value: content }
  if (kind === 1) return { _tag: "Failure", error: content }
  if (kind !== 2 || !isReason(content) || typeof detail !== "string") return undefined
  return { _tag: "Refused", reason: content, detail }
}
