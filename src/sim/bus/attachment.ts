/** How members lose the bus and come back to it: what the server knows, what the client knows, and when. */
import { drawSpan } from "../kernel/timed-fault.ts"
import type { Endpoint, Member } from "./member.ts"
import type { SimNetwork } from "./network.ts"

/** How long it takes both sides to see that a connection broke, in microseconds. */
export interface Notice {
  /** Until the client's status says Disconnected; what it publishes before vanishes, or is sent late. */
  readonly clientMicros: number
  /**
   * Until the server forgets its subscriptions; what others send before vanishes without a "no responders".
   */
  readonly serverMicros: number
}

export const atOnce: Notice = { clientMicros: 0, serverMicros: 0 }

const reachable = (network: SimNetwork, endpoint: Endpoint): boolean => network.up && endpoint.cuts === 0

/** Connects a member when the bus can be reached, after the wait that its client library makes. */
export const attachSoon = (network: SimNetwork, member: Member, waitMicros: number): void => {
  const epoch = member.epoch
  const attempt = () => {
    if (member.gone || member.attached || member.epoch !== epoch) return
    if (reachable(network, member.endpoint)) attach(network, member)
  }
  network.kernel.time.after(member.life.scheduler.strand, waitMicros, attempt)
}

const attach = (network: SimNetwork, member: Member): void => {
  member.attached = true
  for (const subscription of member.subscriptions) {
    // The server may not have noticed yet that the last connection broke: it must not know a subscription
    // twice.
    network.forget(subscription)
    network.enter(subscription)
  }
  network.kernel.trace.note("attached", member.endpoint.name)
  const late = member.heldBack
  member.heldBack = []
  member.status.set("Connected")
  member.onFirstAttached?.()
  for (const { subject, payload, replyTo } of late) {
    network.noteStrike("late-flush", member.endpoint.name, { subject })
    network.route(member, subject, payload, replyTo)
  }
}

/** The connection of a member breaks. It comes back by itself when the bus can be reached. */
export const detach = (network: SimNetwork, member: Member, notice: Notice): void => {
  if (!member.attached) return
  const { time, worldStrand } = network.kernel
  member.sever()
  const epoch = member.epoch
  const stale = [...member.subscriptions]
  const forget = () => {
    if (member.epoch !== epoch || member.attached) return
    for (const subscription of stale) network.forget(subscription)
  }
  if (notice.serverMicros === 0) forget()
  else time.after(worldStrand, notice.serverMicros, forget)
  const learn = () => {
    if (member.gone || member.epoch !== epoch) return
    member.status.set("Disconnected")
    const wait = drawSpan(network.random, network.faults.reconnecting.waitMicros)
    if (reachable(network, member.endpoint)) attachSoon(network, member, wait)
  }
  if (notice.clientMicros === 0 && member.life.scheduler.state === "running") learn()
  else time.after(member.life.scheduler.strand, notice.clientMicros, learn)
}

/** Reconnects, each after its own wait, all members that are disconnected and could be connected again. */
export const reattach = (network: SimNetwork, chosen: (member: Member) => boolean): void => {
  for (const member of [...network.members]) {
    if (member.gone || member.attached || member.status.current() === "Connected") continue
    if (!chosen(member) || !reachable(network, member.endpoint)) continue
    attachSoon(network, member, drawSpan(network.random, network.faults.reconnecting.waitMicros))
  }
}
