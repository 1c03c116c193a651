/** What the scripts of the transcripts have in common. */
import { ClientId, RequestNumber, SessionId } from "../../src/protocol/ids.ts"
import type { LeaderSettings } from "../../src/protocol/leader/input.ts"
import { commandOverheadBytes, keepAliveEntry, writeCommand } from "../../src/protocol/log/entry.ts"
import type { Counted } from "../../src/protocol/messages.ts"
import type { ClusterModel } from "../support/cluster-model.ts"
import { settle, turn } from "../support/cluster-model-chaos.ts"
import { transcribed } from "../support/transcript.ts"

export type Script = ReturnType<typeof transcribed>

export const client = ClientId("c")

export const submit = (cluster: ClusterModel, leader: string, submission: number): void => {
  const bytes = keepAliveEntry(SessionId(submission))
  cluster.lead(leader, { _tag: "Submit", client, submission, bytes })
  cluster.lead(leader, { _tag: "Flush", wallMs: submission })
}

/** A client's command, which its machine can foretell; the client may have counted the one before. */
export const command = (cluster: ClusterModel, leader: string, number: number, counted?: Counted): void => {
  const bytes = new Uint8Array(commandOverheadBytes + 1)
  writeCommand(bytes, 0, SessionId(1), RequestNumber(number), 0, new Uint8Array(1))
  cluster.lead(leader, { _tag: "Submit", client, submission: number, bytes, counted })
  cluster.lead(leader, { _tag: "Flush", wallMs: number })
}

export const ask = (cluster: ClusterModel, leader: string, question: number): void => {
  cluster.lead(leader, { _tag: "Query", client, question, queries: [new Uint8Array(1)] })
  cluster.lead(leader, { _tag: "Flush", wallMs: 0 })
}

/** A leads the acceptors, nothing is on its way, and the first entry of its ballot is chosen. */
export const serving = (names: string, acceptors: string, change: Partial<LeaderSettings> = {}): Script => {
  const script = transcribed(names, change)
  script.cluster.bootstrap("A", acceptors)
  script.cluster.start("A", acceptors)
  settle(script.cluster)
  turn(script.cluster)
  script.lines.length = 0
  return script
}

/** Drops what is on its way to a node. */
export const lose = ({ cluster, lines }: Script, to: string): void => {
  const lost = cluster.network.filter((letter) => letter.to === to)
  cluster.network = cluster.network.filter((letter) => letter.to !== to)
  for (const { from, message } of lost) lines.push(`  lost: ${message._tag} of ${from.node} to ${to}`)
}
