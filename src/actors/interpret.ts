/**
 * From what a core decided to what happens: the one place where outputs become sends, timers, replies and
 * writes.
 */
import { type NodeId, slotMax } from "../protocol/ids.ts"
import type { Accepted, TakeOver } from "../protocol/messages.ts"
import type { Free, Note, Output, TimerName } from "../protocol/step.ts"
import { hint } from "../runtime/buggify.ts"
import type { WalFailure } from "../runtime/storage/errors.ts"
import type { GroupLog } from "./log/group-log.ts"

/** What outputs act through. */
export interface Hands {
  readonly send: (to: ReadonlyArray<NodeId>, message: Extract<Free, { _tag: "Send" }>["message"]) => void
  readonly tellSuccessor: (to: NodeId, message: TakeOver) => void
  readonly askMaster: (request: Extract<Free, { _tag: "AskMaster" }>["request"]) => void
  readonly setTimer: (timer: TimerName, afterMs: number) => void
  readonly cancelTimer: (timer: TimerName) => void
  readonly refuseSubmit: (output: Extract<Free, { _tag: "RefuseSubmit" }>) => void
  readonly unsettled: (output: Extract<Free, { _tag: "Unsettled" }>) => void
  readonly refuseQuery: (output: Extract<Free, { _tag: "RefuseQuery" }>) => void
  readonly apply: (output: Extract<Free, { _tag: "Apply" }>) => void
  readonly answer: (output: Extract<Free, { _tag: "Answer" }>) => void
  readonly tellClient: (output: Extract<Free, { _tag: "TellClient" }>) => void
  readonly foretell: (output: Extract<Free, { _tag: "Foretell" }>) => void
  readonly note: (note: Note) => void
}

const perform = (hands: Hands, output: Free): void => {
  switch (output._tag) {
    case "Send":
      return hands.send(output.to, output.message)
    case "TellSuccessor":
      return hands.tellSuccessor(output.to, output.message)
    case "AskMaster":
      return hands.askMaster(output.request)
    case "SetTimer":
      return hands.setTimer(output.timer, output.afterMs)
    case "CancelTimer":
      return hands.cancelTimer(output.timer)
    case "RefuseSubmit":
      return hands.refuseSubmit(output)
    case "Unsettled":
      return hands.unsettled(output)
    case "RefuseQuery":
      return hands.refuseQuery(output)
    case "Apply":
      return hands.apply(output)
    case "Answer":
      return hands.answer(output)
    case "TellClient":
      return hands.tellClient(output)
    case "Foretell":
      return hands.foretell(output)
    case "Note":
      return hands.note(output.note)
  }
}

/**
 * The outputs of one actor wake-up. Records change the log at once and are staged; what they gate is held
 * until one sync at the end has made all of them durable. The actor does not wait for it.
 */
export class Turn {
  readonly #hands: Hands
  readonly #log: GroupLog
  readonly #gated: Array<Free> = []
  #persists = false

  constructor(hands: Hands, log: GroupLog) {
    this.#hands = hands
    this.#log = log
  }

  take(outputs: ReadonlyArray<Output>): void {
    for (const output of outputs) {
      if (output._tag !== "Persist") {
        perform(this.#hands, output)
        continue
      }
      this.#persists = true
      for (const record of output.records) this.#log.persist(record)
      for (const free of output.release) this.#gated.push(free)
    }
  }

  /** Ends the turn. `onFailure` hears of a write that failed: then nothing that it gated leaves, ever. */
  end(onFailure: (failure: WalFailure) => void): void {
    if (!this.#persists) return
    const gated = mergeAccepted(this.#gated)
    hint("before persist")
    this.#log.sync((failure) => {
      hint("after persist, before reply")
      if (failure !== undefined) onFailure(failure)
      else for (const free of gated) perform(this.#hands, free)
    })
  }
}

/** Acknowledgements are cumulative: of those of one turn to one leader, one that says it all is enough. */
const mergeAccepted = (gated: ReadonlyArray<Free>): ReadonlyArray<Free> => {
  let merged: Accepted | undefined
  let to: ReadonlyArray<NodeId> = []
  const rest: Array<Free> = []
  for (const free of gated) {
    const message = free._tag === "Send" && free.message._tag === "Accepted" ? free.message : undefined
    if (free._tag !== "Send" || message === undefined) {
      rest.push(free)
    } else if (merged === undefined || merged.ballot !== message.ballot) {
      if (merged !== undefined) rest.push({ _tag: "Send", to, message: merged })
      merged = message
      to = free.to
    } else {
      // The lease goes with its round: who counts it from a later one counts too long.
      const newest = message.round > merged.round ? message : merged
      merged = { ...newest, lastSlot: slotMax(message.lastSlot, merged.lastSlot) }
    }
  }
  return merged === undefined ? rest : [...rest, { _tag: "Send", to, message: merged }]
}
