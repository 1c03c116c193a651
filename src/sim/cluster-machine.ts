/** A state machine as it is, and whoever watches hears of each command that a replica applies. */
import type { AnyMachine } from "../protocol/learner/machine.ts"
import { pack } from "../runtime/codec.ts"
import { stateHash, wideHash } from "./oracle/ledger.ts"

/** A command that was applied. */
export interface Observation {
  readonly slot: number
  /** The time of the log. */
  readonly atMs: number
  readonly command: number
  readonly fingerprint: number
  readonly state: number | undefined
}

const mix = (a: number, b: number): number => {
  const mixed = Math.imul(a ^ (b | 0), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

/**
 * The same machine, observed: nothing about what it does changes. The whole state is hashed at every slot
 * that
 * `everySlots` divides.
 */
export const observed = (
  machine: AnyMachine,
  everySlots: number,
  onApplied: (observation: Observation) => void
): AnyMachine => ({
  ...machine,
  apply: (before, command, at) => {
    const result = machine.apply(before, command, at)
    const [state, reply] = result
    const commandHash = wideHash(pack(machine.forms.command.encode(command)))
    const replyHash = wideHash(pack(machine.forms.reply.encode(reply)))
    const place = mix(mix(at.slot, at.session), at.atMs)
    const fingerprint = mix(mix(place, commandHash), replyHash)
    const isDue = at.slot % everySlots === 0
    const hashed = isDue ? stateHash(pack(machine.forms.state.encode(state))) : undefined
    onApplied({ slot: at.slot, atMs: at.atMs, command: commandHash, fingerprint, state: hashed })
    return result
  }
})
