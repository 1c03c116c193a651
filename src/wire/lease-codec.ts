/** Giving a lease back and handing over, as positional arrays. */
import type { Release, TakeOver } from "../protocol/messages.ts"
import { Fields } from "./fields.ts"
import { configurationIn, configurationOut } from "./protocol-codec.ts"

/** Message kinds on the wire. A number is never used again for something else. */
export const leaseKinds = { Release: 35, TakeOver: 36 } as const

export const leaseOut = (message: Release | TakeOver): ReadonlyArray<unknown> =>
  message._tag === "Release" ? [message.ballot] : [configurationOut(message.configuration)]

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const leaseIn = (kind: number, fields: Fields): Release | TakeOver | undefined => {
  if (kind === leaseKinds.Release) return { _tag: "Release", ballot: fields.ballot() }
  if (kind !== leaseKinds.TakeOver) return undefined
  return { _tag: "TakeOver", configuration: configurationIn(new Fields(fields.any())) }
}
