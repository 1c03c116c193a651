/** How the roles of a group hear of each other: their mailboxes, and what the clients are told. */
import type { GroupId, Replica } from "../../protocol/ids.ts"
import type { LeaderInput } from "../../protocol/leader/input.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import type { Accept } from "../../protocol/messages.ts"
import type { ActorHandle } from "../../runtime/actor-handle.ts"
import type { Body } from "../../wire/packet.ts"
import type { AcceptorMessage } from "../acceptor.ts"
import type { Heard } from "../leadership/candidate-options.ts"
import type { NodeContext } from "../node/context.ts"
import type { Mailboxes } from "./hands.ts"

/** The mailboxes of a group's roles, and who is told of every Accept. */
export interface Connected {
  readonly acceptor: ActorHandle<AcceptorMessage>
  readonly leader: ActorHandle<LeaderInput>
  readonly heard: Heard
  readonly onAccept: (accept: Accept) => void
}

/** From now on the mailboxes take messages. */
export const connect = (roles: Mailboxes, { acceptor, leader, heard, onAccept }: Connected): void => {
  roles.acceptor = (from: Replica, message, local) => {
    if (message._tag === "Accept") onAccept(message)
    if (local) return void acceptor.offerControlUnsafe({ _tag: "FromLeader", from, message })
    if (message._tag === "Accept") {
      heard.count++
      heard.leader = message.configuration.leader
    }
    acceptor.offerUnsafe({ _tag: "FromLeader", from, message })
  }
  roles.leader = (input, local) => (local ? leader.offerControlUnsafe(input) : leader.offerUnsafe(input))
}

/**
 * Tells all clients who leads, once it does: those that wait for the last one need not ask around. A leader
 * that went on from a ballot of its own has kept what was under way. To be called at each change of phase.
 */
export const announcing = (group: GroupId, context: NodeContext, leader: () => LeaderState) => {
  let served = false
  return (): void => {
    const state = leader()
    if (state._tag === "Serving") {
      const { ballot } = state.configuration
      const body: Body = { _tag: "Leading", ballot, leader: context.self.node, keeps: served }
      context.publish(context.subjects.leading(group), group, body)
    }
    served = state._tag === "Serving" || (served && state._tag !== "Deposed")
  }
}
