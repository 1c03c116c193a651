/** Whether a replica outside of the configuration keeps up, as its questions for what is chosen show. */
import { type Replica, Slot, sameReplica, slotMax } from "../ids.ts"

/** A replica outside that asks for what is chosen. */
export interface Seen {
  readonly replica: Replica
  readonly askedAtMs: number
  /** It has what is chosen through here. */
  readonly through: Slot
  /** What was chosen a little while before it asked: whoever keeps up has that with its next question. */
  readonly toHave: Slot
  /** With its last question it had what it was to have. */
  readonly wasLevel: boolean
  /** Since when it has kept up without a break. */
  readonly steadySinceMs: number | undefined
}

/** Before the first look of a leader nobody keeps up. */
export const nobodyHas = Slot(Number.MAX_SAFE_INTEGER)

/**
 * From one question to the next where there is nothing new: a second at most, and every fourth question goes
 * to another node.
 */
const askAgainWithinMs = 3000

/** After a question of a replica that has all through a slot; `chosenBefore` is what was chosen lately. */
export const seenAsking = (
  known: Seen | undefined,
  replica: Replica,
  through: Slot,
  chosenBefore: Slot,
  nowMs: number
): Seen => {
  const before = known !== undefined && sameReplica(known.replica, replica) ? known : undefined
  // An older question may come late: one disk never goes back.
  if (before !== undefined && through < before.through) return { ...before, askedAtMs: nowMs }
  return {
    replica,
    askedAtMs: nowMs,
    through: slotMax(Slot(0), through),
    toHave: chosenBefore,
    wasLevel: before !== undefined && through >= before.toHave,
    steadySinceMs: before?.steadySinceMs
  }
}

/**
 * Whether it has what was chosen lately, or had it when it asked last and is soon to ask again: what was
 * chosen between two of its questions it cannot have yet.
 */
export const keepsUp = ({ through, askedAtMs, wasLevel }: Seen, chosenBefore: Slot, nowMs: number): boolean =>
  through >= chosenBefore || (wasLevel && chosenBefore !== nobodyHas && nowMs - askedAtMs <= askAgainWithinMs)
