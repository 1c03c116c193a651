/** Asking a node for chosen entries of its log, and what it has, as positional arrays. */
import type { Configuration } from "../protocol/configuration.ts"
import { noBallot, type Slot, slotPlus } from "../protocol/ids.ts"
import { type Run, runsMisformed } from "../protocol/log/run.ts"
import type { Fields } from "./fields.ts"
import { configurationIn, configurationOut, runIn, runOut } from "./protocol-codec.ts"

/** Asks for chosen entries from a slot on, of about so many bytes. */
export interface CatchUp {
  readonly _tag: "CatchUp"
  readonly fromSlot: Slot
  readonly maxBytes: number
}

/**
 * Consecutive chosen entries from the slot asked for; none where nothing behind it is chosen, as far as the
 * node knows.
 */
export interface CaughtUp {
  readonly _tag: "CaughtUp"
  readonly runs: ReadonlyArray<Run>
  /** The last slot that the node knows to be chosen and has. */
  readonly chosen: Slot
  /** The first slot that it still has. */
  readonly first: Slot
  /** The newest configuration that it knows to have been active. */
  readonly active: Configuration | undefined
}

export const catchUpKinds = { CatchUp: 13, CaughtUp: 14 } as const

export const catchUpOut = (message: CatchUp | CaughtUp): ReadonlyArray<unknown> =>
  message._tag === "CatchUp"
    ? [message.fromSlot, message.maxBytes]
    : [
        message.runs.map(runOut),
        message.chosen,
        message.first,
        message.active === undefined ? null : configurationOut(message.active)
      ]

/**
 * Reads a message of a kind; undefined for a kind that is none of these, and for runs that do not fit
 * together.
 */
export const catchUpIn = (kind: number, fields: Fields): CatchUp | CaughtUp | undefined => {
  if (kind === catchUpKinds.CatchUp)
    return { _tag: "CatchUp", fromSlot: fields.slot(), maxBytes: fields.count() }
  if (kind !== catchUpKinds.CaughtUp) return undefined
  const runs = fields.list(runIn)
  const [head] = runs
  const misformed = head && runsMisformed(runs, slotPlus(head.first, -1), noBallot)
  if (misformed !== undefined) return undefined
  return {
    _tag: "CaughtUp",
    runs,
    chosen: fields.slot(),
    first: fields.slot(),
    active: fields.optional(configurationIn)
  }
}
