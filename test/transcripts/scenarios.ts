/**
 * The main flows of the protocol, as scripts over a cluster model whose transcript is compared with a file.
 */
import { Ballot, Slot } from "../../src/protocol/ids.ts"
import { settle, turn } from "../support/cluster-model-chaos.ts"
import { transcribed } from "../support/transcript.ts"
import { handedOver, leased, silent } from "./leases.ts"
import { ask, client, command, lose, type Script, serving, submit } from "./script.ts"

const bootstrap = (): Script => {
  const script = transcribed("ABC")
  script.heading("A and B are bootstrapped, A asks for a ballot of its own.")
  script.cluster.bootstrap("A", "AB")
  script.cluster.start("A", "AB")
  settle(script.cluster)
  script.heading("B asks for a ballot of B and C: C gets what it lacks before the ballot is activated.")
  script.cluster.start("B", "BC")
  settle(script.cluster)
  return script
}

const oneCommand = (): Script => {
  const script = serving("AB", "AB")
  script.heading("A client submits a command.")
  submit(script.cluster, "A", 1)
  settle(script.cluster)
  script.heading("The first heartbeat after an idle interval tells B that it is chosen.")
  turn(script.cluster)
  turn(script.cluster)
  return script
}

const loneClient = (): Script => {
  const script = serving("ABC", "ABC", { leaseDurationMs: 200, foretells: true })
  const { cluster } = script
  script.heading("A lone command: the acceptors tell the client too, and A what it will come to.")
  command(cluster, "A", 1)
  cluster.receiveOwn("A")
  cluster.sync("A")
  cluster.receiveOwn("A")
  script.heading("A read that comes now waits for what the client may know.")
  ask(cluster, "A", 1)
  script.heading("B and C have synced it: the client needs nothing more.")
  settle(cluster)
  script.heading("The client goes on: B and C, which A has just heard, leave it to the client to tell A.")
  command(cluster, "A", 2)
  settle(cluster)
  script.heading("By its next command A hears what the client has counted.")
  command(cluster, "A", 3, { ballot: Ballot(2), slot: Slot(3) })
  settle(cluster)
  script.heading("No command follows: B and C tell A themselves, a little later.")
  cluster.nowMs += 2
  for (const name of ["B", "C"]) cluster.fire(name, "owed")
  settle(cluster)
  return script
}

const pipelined = (): Script => {
  const script = serving("AB", "AB")
  script.heading("Two commands go out before the first is acknowledged; a third waits for the window.")
  for (const submission of [1, 2, 3]) submit(script.cluster, "A", submission)
  settle(script.cluster)
  script.heading("The window has room: the third goes out.")
  script.cluster.lead("A", { _tag: "Flush", wallMs: 4 })
  settle(script.cluster)
  return script
}

const lostAccept = (): Script => {
  const script = serving("ABC", "ABC")
  script.heading("The Accept to B is lost; C has it, and nothing is chosen.")
  submit(script.cluster, "A", 1)
  lose(script, "B")
  settle(script.cluster)
  script.heading("The next command finds a gap at B, which gets both.")
  submit(script.cluster, "A", 2)
  settle(script.cluster)
  script.heading("Lost again, and no command follows: the retransmission timer sends it once more.")
  submit(script.cluster, "A", 3)
  lose(script, "B")
  settle(script.cluster)
  script.cluster.fire("A", "retransmit")
  settle(script.cluster)
  script.cluster.fire("A", "retransmit")
  settle(script.cluster)
  return script
}

const staleSuffix = (): Script => {
  const script = serving("ABC", "ABC")
  script.heading("Two entries of A reach C alone.")
  for (const submission of [1, 2]) submit(script.cluster, "A", submission)
  lose(script, "B")
  settle(script.cluster)
  script.heading("B, which has neither, takes over: its own entries replace them at A and C.")
  script.cluster.start("B", "ABC")
  settle(script.cluster)
  script.cluster.lead("B", { _tag: "Flush", wallMs: 1 })
  settle(script.cluster)
  return script
}

const fromOutside = (): Script => {
  const script = serving("ABCD", "AB")
  submit(script.cluster, "A", 1)
  settle(script.cluster)
  script.lines.length = 0
  script.heading("C and D take over from A and B: C copies the log of the first that answers.")
  script.cluster.start("C", "CD")
  settle(script.cluster)
  return script
}

const nack = (): Script => {
  const script = serving("AB", "AB")
  script.heading("B takes over; A does not know it yet, and proposes.")
  script.cluster.start("B", "B")
  settle(script.cluster)
  submit(script.cluster, "A", 1)
  ask(script.cluster, "A", 1)
  settle(script.cluster)
  return script
}

const superseded = (): Script => {
  const script = serving("AB", "AB")
  script.heading("B carries a ballot; before its completion arrives at the master, A asks for another.")
  script.cluster.start("B", "B")
  const { cluster } = script
  const newBallot = cluster.requests.shift()!
  cluster.askMaster(newBallot.from, newBallot.request)
  const { to, reply } = cluster.replies.shift()!
  cluster.lead(to, { _tag: "FromMaster", reply })
  for (let step = 0; step < 4; step++) {
    cluster.receiveOwn("B")
    cluster.sync("B")
  }
  cluster.crash("A")
  cluster.start("A", "A")
  cluster.requests.reverse()
  settle(cluster)
  return script
}

const retired = (): Script => {
  const script = serving("ABC", "ABC")
  const { cluster } = script
  script.heading("C is silent: what A and B have is not chosen.")
  submit(cluster, "A", 1)
  lose(script, "C")
  settle(cluster)
  script.heading("The master retires C, and A counts without it.")
  const { ballot, generation } = cluster.master.active!
  const [acceptor] = cluster.replicas("C")
  cluster.askMaster(cluster.node("A").self.node, {
    _tag: "Retire",
    requestId: "retire",
    origin: { ballot, generation },
    acceptor: acceptor!
  })
  settle(cluster)
  return script
}

const reconfigured = (): Script => {
  const script = serving("ABC", "AB")
  const { cluster } = script
  script.heading("A takes C in. While the master issues the ballot it serves on: a command goes out.")
  cluster.reconfigure("A", "ABC")
  submit(cluster, "A", 1)
  script.heading("Its acceptors get that command only after the ballot is issued; another command waits.")
  cluster.receiveOwn("A")
  const { from, request } = cluster.requests.shift()!
  cluster.askMaster(from, request)
  const { to, reply } = cluster.replies.shift()!
  cluster.lead(to, { _tag: "FromMaster", reply })
  submit(cluster, "A", 2)
  ask(cluster, "A", 1)
  script.heading("The first command is bound in the new ballot and answered there, then the second goes out.")
  settle(cluster)
  return script
}

const reconfigurationGivenUp = (): Script => {
  const script = serving("ABC", "ABC")
  const { cluster } = script
  script.heading("A takes a new ballot, and C falls silent meanwhile; a command waits.")
  cluster.reconfigure("A", "ABC")
  const { from, request } = cluster.requests.shift()!
  cluster.askMaster(from, request)
  const { to, reply } = cluster.replies.shift()!
  cluster.lead(to, { _tag: "FromMaster", reply })
  submit(cluster, "A", 1)
  cluster.receiveOwn("A")
  cluster.sync("A")
  cluster.receiveOwn("A")
  lose(script, "C")
  settle(cluster)
  script.heading("A gives that ballot up for one without C, in which the command goes out.")
  cluster.reconfigure("A", "AB")
  settle(cluster)
  return script
}

const readRound = (): Script => {
  const script = serving("ABC", "ABC")
  script.heading("A question is answered only once every acceptor has answered what was sent after it came.")
  ask(script.cluster, "A", 1)
  settle(script.cluster)
  script.heading(
    "A question that comes with a command shares its round; an answer that is lost holds both up."
  )
  script.cluster.lead("A", { _tag: "Query", client, question: 2, queries: [new Uint8Array(1)] })
  submit(script.cluster, "A", 1)
  lose(script, "C")
  settle(script.cluster)
  script.cluster.fire("A", "heartbeat")
  settle(script.cluster)
  return script
}

const outsider = (): Script => {
  const script = serving("ABC", "ABC")
  const { cluster } = script
  script.heading("An entry of A reaches C alone. B, which has not got it, goes on alone and chooses another.")
  submit(cluster, "A", 1)
  lose(script, "B")
  settle(cluster)
  cluster.start("B", "B")
  settle(cluster)
  script.heading("C hears that a configuration without it was active, and takes what is chosen over its own.")
  cluster.teach("B", "C", false)
  settle(cluster)
  return script
}

/** By the name of the file. */
export const scenarios: Readonly<Record<string, () => Script>> = {
  "bootstrap-and-new-ballot": bootstrap,
  "one-command": oneCommand,
  "a-lone-client": loneClient,
  "two-pipelined-batches": pipelined,
  "lost-accept": lostAccept,
  "stale-suffix": staleSuffix,
  "leader-from-outside": fromOutside,
  "nack-and-step-down": nack,
  "superseded-completion": superseded,
  "retired-acceptor": retired,
  reconfiguration: reconfigured,
  "reconfiguration-given-up": reconfigurationGivenUp,
  "an-outsider-learns": outsider,
  "read-confirmation": readRound,
  lease: leased,
  "hand-over": handedOver,
  "a-silent-leader": silent
}
