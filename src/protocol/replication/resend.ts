/** Sends acceptors that are behind what they lack, chunk by chunk, and again where nothing came back. */
import { noSlot, type Replica, type Slot, slotPlus } from "../ids.ts"
import type { LeaderSettings } from "../leader/input.ts"
import type { LogView } from "../log/view.ts"
import type { Output } from "../step.ts"
import { chunkFor, nextRound, type ProgressOf, type Replication, sentTo, withProgress } from "./progress.ts"

/** What was sent, and how the progress stands after it. */
export interface Sent {
  readonly change: { readonly progress: ProgressOf; readonly round: number }
  readonly outputs: ReadonlyArray<Output>
}

/** Sends the next chunk to an acceptor that is behind; nothing where it has all. */
export const sendMore = (
  state: Replication & { readonly settings: LeaderSettings },
  log: LogView,
  to: Replica
): Sent => {
  const progress = state.progress.get(to.node)
  if (progress === undefined || !progress.behind) {
    return { change: { progress: state.progress, round: state.round }, outputs: [] }
  }
  const numbered = nextRound(state)
  const accept = chunkFor(numbered, log, progress.next, state.settings.chunkMaxBytes)
  return {
    change: { progress: sentTo(state.progress, to.node, accept, state.last), round: numbered.round },
    outputs: [{ _tag: "Send", to: [to.node], message: accept }]
  }
}

/** Resends to everyone who has not all and has not moved since the last look: messages get lost. */
export const resend = (state: Replication & { readonly settings: LeaderSettings }, log: LogView): Sent => {
  let progress = state.progress
  let round = state.round
  const outputs: Array<Output> = []
  for (const acceptor of state.configuration.acceptors) {
    const of = progress.get(acceptor.node)!
    const stuck = (of.acknowledged < state.last || of.confirmed === 0) && !of.moved
    progress = withProgress(progress, acceptor.node, {
      moved: false,
      ...(stuck ? { behind: true, next: resendFrom(of) } : {})
    })
    if (!stuck) continue
    const sent = sendMore({ ...state, progress, round }, log, acceptor)
    progress = sent.change.progress
    round = sent.change.round
    outputs.push(...sent.outputs)
  }
  return { change: { progress, round }, outputs }
}

/** From where it is known to agree; where nothing is known yet, the probe goes out again. */
const resendFrom = (of: { readonly acknowledged: Slot; readonly next: Slot }): Slot =>
  of.acknowledged === noSlot ? of.next : slotPlus(of.acknowledged, 1)
