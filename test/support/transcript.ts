/** What a cluster model does as readable text, one line an event. */
import type { Configuration, Origin } from "../../src/protocol/configuration.ts"
import type { NodeId } from "../../src/protocol/ids.ts"
import { defaultLeaderSettings, type LeaderSettings } from "../../src/protocol/leader/input.ts"
import { type Run, runLast } from "../../src/protocol/log/run.ts"
import type { MasterReply, MasterRequest } from "../../src/protocol/messages.ts"
import type { DurableRecord, Free } from "../../src/protocol/step.ts"
import { ClusterModel } from "./cluster-model.ts"
import type { PeerMessage } from "./cluster-model-node.ts"

const entries = (runs: ReadonlyArray<Run>): string =>
  runs.length === 0
    ? "nothing"
    : runs.map((run) => `${run.first}..${runLast(run)} of ballot ${run.ballot}`).join(", ")

const originText = ({ ballot, generation }: Origin): string => `${ballot}/${generation}`

const acceptorsOf = ({ acceptors }: Configuration): string => acceptors.map(({ node }) => node).join("")

const messageText = (message: PeerMessage): string => {
  switch (message._tag) {
    case "Prepare":
      return `Prepare ballot ${message.configuration.ballot}, log from ${message.fromSlot}`
    case "Prepared": {
      const { ballot, lastSlot, prevSlot, prevSlotBallot, runs } = message
      const after = `after ${prevSlot}/${prevSlotBallot}: ${entries(runs)}`
      return `Prepared ballot ${ballot}, log ends at ${lastSlot}, ${after}`
    }
    case "Accept": {
      const { configuration, prevSlot, prevSlotBallot, runs, chosen, round } = message
      const after = `after ${prevSlot}/${prevSlotBallot}: ${entries(runs)}`
      const lease = message.leaseMs > 0 ? `, asks for ${message.leaseMs} ms` : ""
      const told = message.tells === undefined ? "" : `, tell ${message.tells}`
      const asked = `round ${round}${lease}${told}`
      return `Accept ballot ${configuration.ballot}, ${after}, chosen ${chosen}, ${asked}`
    }
    case "Accepted": {
      const lease = message.grantedMs > 0 ? `, grants ${message.grantedMs} ms` : ""
      return `Accepted ballot ${message.ballot} through ${message.lastSlot}, round ${message.round}${lease}`
    }
    case "Release":
      return `Release ballot ${message.ballot}`
    case "Gap":
      return (
        `Gap ballot ${message.ballot}, try ${message.hintSlot}/${message.hintBallot}, ` +
        `round ${message.round}`
      )
    case "Learned":
      return `chosen entries from ${message.first} on: ${entries(message.runs)}`
    case "Nack":
      return `Nack ballot ${message.ballot}, promised ${message.promised}`
  }
}

const requestText = (request: MasterRequest): string => {
  switch (request._tag) {
    case "Bootstrap":
    case "NewBallot":
      return `${request._tag} of ${request.acceptors.map(({ node }) => node).join("")}`
    case "Complete":
      return `Complete ballot ${request.ballot}, issued against ${originText(request.prev)}`
    case "Retire":
      return `Retire ${request.acceptor.node} from ${request.origin.ballot}/${request.origin.generation}`
    case "Drain":
      return `${request.drained ? "Drain" : "Undrain"} ${request.node}`
    case "ReadMaster":
      return "ReadMaster"
  }
}

const replyText = (reply: MasterReply): string => {
  switch (reply._tag) {
    case "Issued": {
      const { configuration, prev } = reply
      const issued = `Issued ballot ${configuration.ballot} of ${acceptorsOf(configuration)}`
      return `${issued} against ${originText(prev)}`
    }
    case "Activated": {
      const { ballot, generation } = reply.configuration
      return `Activated ${ballot}/${generation} of ${acceptorsOf(reply.configuration)}`
    }
    case "Refused":
      return `Refused: ${reply.reason}`
    case "Superseded":
    case "MasterRead":
      return `${reply._tag}, active ${reply.active?.ballot ?? 0}, latest ${reply.latest}`
  }
}

const writtenText = (record: DurableRecord): string => {
  switch (record._tag) {
    case "Promised":
      return `promised ${record.ballot}`
    case "Appended":
      return `entries ${entries([record.run])}`
    case "Chosen":
      return `chosen ${record.slot}`
    case "Based":
      return `cut through ${record.base.slot}`
    case "Rewritten":
      return `begins behind ${record.base.slot}: ${entries(record.runs)}`
    case "LeaseNoted":
      return `leases of ${record.durationMs} ms`
  }
}

const doneText = (output: Free): string | undefined => {
  switch (output._tag) {
    case "Apply":
      return `applies through ${output.through}`
    case "Answer":
      return (
        `answers ${output.queries.length} questions from slot ${output.slot}` +
        (output.lease === undefined ? "" : ", if its lease still runs then")
      )
    case "TellClient": {
      const { ballot, slot } = output.message
      return `-> client ${output.client}: Synced ballot ${ballot} through ${slot}`
    }
    case "Foretell": {
      const acceptors = acceptorsOf(output.configuration)
      return `-> client: what slot ${output.slot} comes to once ${acceptors} have synced it`
    }
    case "TellSuccessor":
      return `-> ${output.to}: TakeOver from ballot ${output.message.configuration.ballot}`
    case "RefuseSubmit":
      return `refuses submission ${output.submission}: ${output.refusal._tag}`
    case "Unsettled":
      return `leaves submission ${output.submission} unsettled`
    case "RefuseQuery":
      return `refuses question ${output.question}: ${output.refusal._tag}`
    case "Note":
      if (output.note._tag === "Ignored") return `ignores it: ${output.note.reason}`
      return output.note._tag === "LeaderPhase"
        ? `is ${output.note.phase} in ballot ${output.note.ballot}`
        : undefined
    default:
      return undefined
  }
}

/** A cluster that writes down what it does; `lines` grows. */
export const transcribed = (names: string, change: Partial<LeaderSettings> = {}) => {
  const lines: Array<string> = []
  const say = (node: NodeId, text: string) => lines.push(`  ${node} ${text}`)
  const cluster = new ClusterModel(names, { ...defaultLeaderSettings, ...change }, undefined, {
    sent: (from, to, message) => say(from, `-> ${to}: ${messageText(message)}`),
    asked: (from, request) => say(from, `-> master: ${requestText(request)}`),
    done: (node, output) => {
      const text = doneText(output)
      if (text !== undefined) say(node, text)
    },
    written: (node, record) => say(node, `writes ${writtenText(record)}`),
    told: (to, reply) => lines.push(`  master -> ${to}: ${replyText(reply)}`)
  })
  const heading = (text: string) => lines.push(text)
  return { cluster, lines, heading }
}
