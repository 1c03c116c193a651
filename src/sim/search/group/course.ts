/** One step of a node under way: what it writes, what it says to itself, and what leaves it. */
import type { NodeId, Replica, Slot } from "../../../protocol/ids.ts"
import {
  type FromAcceptor,
  isToAcceptor,
  type MasterRequest,
  type ToAcceptor
} from "../../../protocol/messages.ts"
import type { Free, Output, Persist } from "../../../protocol/step.ts"
import { type MemoryLog, valueAt, withPromise, withRun } from "../memory-log.ts"
import type { Applied, Lesson, NodeInput, NodeModel, Sent, Told } from "./node-model.ts"

/** A step under way: the node so far, what it has yet to take in, and what has left it. */
export class Course {
  node: NodeModel
  readonly inputs: Array<NodeInput>
  readonly sent: Array<Sent> = []
  readonly requests: Array<MasterRequest> = []
  readonly applied: Array<Applied> = []
  readonly lessons: Array<Lesson> = []
  readonly told: Array<Told> = []
  readonly answers: Array<Slot> = []

  constructor(node: NodeModel, input: NodeInput) {
    this.node = node
    this.inputs = [input]
  }

  take(outputs: ReadonlyArray<Output>): void {
    for (const output of outputs) {
      if (output._tag !== "Persist") this.perform(output)
      else {
        const { log, notedMs } = this.node
        this.node = { ...this.node, log: written(log, output), notedMs: noted(notedMs, output) }
        if (this.node.disk === undefined) for (const free of output.release) this.perform(free)
        else this.node = { ...this.node, unsynced: [...this.node.unsynced, output] }
      }
    }
  }

  perform(output: Free): void {
    const { log } = this.node
    switch (output._tag) {
      case "Send":
        return this.#send(output.to, output.message)
      case "AskMaster":
        this.requests.push(output.request)
        return
      case "Apply":
        this.applied.push(...appliedThrough(log, output.through, output.answer))
        return
      case "Answer":
        this.answers.push(output.slot)
        return
      case "TellClient":
        this.told.push(output.message)
        return
      case "Foretell": {
        const { slot, configuration } = output
        this.told.push({ _tag: "Foretold", ...configuration, slot, value: valueAt(log, slot) ?? "nothing" })
        return
      }
      default:
        return
    }
  }

  #send(to: ReadonlyArray<NodeId>, message: ToAcceptor | FromAcceptor): void {
    const { self } = this.node
    for (const node of to) {
      if (node === self.node) this.inputs.push(toSelf(self, message))
      else this.sent.push({ to: node, message })
    }
  }
}

const toSelf = (self: Replica, message: ToAcceptor | FromAcceptor): NodeInput =>
  isToAcceptor(message)
    ? { _tag: "ToAcceptor", from: self, message }
    : { _tag: "ToLeader", input: { _tag: "FromAcceptor", from: self, message } }

export const written = (log: MemoryLog, { records }: Persist): MemoryLog => {
  let after = log
  for (const record of records) {
    if (record._tag === "Appended") after = withRun(after, record.run)
    if (record._tag === "Promised") after = withPromise(after, record.ballot)
  }
  return after
}

const noted = (before: number, { records }: Persist): number =>
  records.reduce((ms, record) => (record._tag === "LeaseNoted" ? record.durationMs : ms), before)

const appliedThrough = (log: MemoryLog, through: Slot, answered: boolean): ReadonlyArray<Applied> => {
  const applied: Array<Applied> = []
  for (let slot = 1; slot <= through; slot++) {
    applied.push({ slot: slot as Slot, value: valueAt(log, slot as Slot) ?? "nothing", answered })
  }
  return applied
}
