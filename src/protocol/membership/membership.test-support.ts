/** A leader that serves, as a value, and the log beside it. */
import { Ballot, NodeId, noSlot, type Replica, Slot, StorageId } from "../ids.ts"
import { defaultLeaderSettings, type LeaderInput } from "../leader/input.ts"
import { serveStep } from "../leader/serve.ts"
import type { Serving } from "../leader/state.ts"
import { type LogView, noBase } from "../log/view.ts"
import type { Output } from "../step.ts"

export const replica = (node: string): Replica => ({ node: NodeId(node), storage: StorageId("1") })

const a = replica("A")

/** A log of ballot 2 through a slot. */
export const logThrough = (last: number): LogView => ({
  base: noBase,
  first: Slot(1),
  promised: Ballot(2),
  last: Slot(last),
  ballotAt: () => Ballot(2),
  lastSlotOfBallot: () => noSlot,
  read: () => []
})

/** Of node A, in ballot 2. */
export const serving = (
  acceptors: ReadonlyArray<Replica>,
  chosen = 0,
  change: Partial<Serving> = {}
): Serving => ({
  _tag: "Serving",
  self: a,
  settings: defaultLeaderSettings,
  token: "t",
  configuration: { ballot: Ballot(2), generation: 0, leader: a, acceptors },
  prev: { ballot: Ballot(1), generation: 0, leader: a, acceptors },
  boundThrough: noSlot,
  held: undefined,
  progress: new Map(),
  round: 1,
  last: Slot(chosen),
  chosen: Slot(chosen),
  window: [],
  pending: [],
  pendingBytes: 0,
  atMs: 0,
  timedAtMs: 0,
  reads: [],
  newReads: [],
  told: Slot(chosen),
  beatRound: 0,
  toldAfter: 0,
  busyAtMs: 0,
  askedAtMs: 0,
  beatMs: defaultLeaderSettings.heartbeatIntervalMs,
  isSilent: false,
  next: undefined,
  refused: undefined,
  leaseMs: 0,
  sendings: [],
  invited: undefined,
  handOver: undefined,
  ...change
})

/** Takes inputs in, one after the other, at time 0; the outputs are those of the last. */
export const playOn = (log: LogView, before: Serving, inputs: ReadonlyArray<LeaderInput>) => {
  let state = before
  let outputs: ReadonlyArray<Output> = []
  for (const input of inputs) {
    const step = serveStep(state, log, input, 0)
    state = step.state as Serving
    outputs = step.outputs
  }
  return { state, outputs }
}

export const flush: LeaderInput = { _tag: "Flush", wallMs: 0 }

/** An acceptor has everything through this slot in ballot 2, and answers a round. */
export const acceptedBy = (from: Replica, lastSlot: number, round: number): LeaderInput => {
  const message = {
    _tag: "Accepted",
    ballot: Ballot(2),
    lastSlot: Slot(lastSlot),
    round,
    grantedMs: 0
  } as const
  return { _tag: "FromAcceptor", from, message }
}
