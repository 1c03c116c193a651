/** What a serving leader has gathered and what it has in flight. */
import type { ClientId, Slot } from "../ids.ts"
import type { Free } from "../step.ts"

/** A client's submission that waits for a place in a batch. */
export interface Pending {
  readonly client: ClientId
  readonly submission: number
  readonly bytes: Uint8Array
  readonly count: number
  /** Monotonic time at which it came. */
  readonly cameAtMs: number
}

/** A batch that is proposed and not chosen yet. */
export interface Batch {
  readonly last: Slot
  readonly submissions: ReadonlyArray<{ readonly client: ClientId; readonly submission: number }>
}

export type Window = ReadonlyArray<Batch>

export const afterChosen = (window: Window, chosen: Slot): Window => {
  let done = 0
  while (done < window.length && window[done]!.last <= chosen) done++
  return done === 0 ? window : window.slice(done)
}

/** As many pending submissions from the front as a batch holds; at least one. */
export const fillBatch = (pending: ReadonlyArray<Pending>, maxBytes: number): ReadonlyArray<Pending> => {
  let size = 0
  let taken = 0
  while (taken < pending.length) {
    size += pending[taken]!.bytes.length
    if (taken > 0 && size > maxBytes) break
    taken++
  }
  return pending.slice(0, taken)
}

/** Tells the clients of what is in flight that its outcome is open. */
export const unsettled = (window: Window): ReadonlyArray<Free> =>
  window.flatMap((batch) =>
    batch.submissions.map(({ client, submission }): Free => ({ _tag: "Unsettled", client, submission }))
  )
