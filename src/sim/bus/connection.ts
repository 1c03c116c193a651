/** The bus as one life of a node sees it: the port over the simulated network. */
import { Effect, Scope } from "effect"
import {
  BadSubject,
  type BusShape,
  BusUnavailable,
  type Handlers,
  type Published
} from "../../runtime/bus/port.ts"
import { makeRequests } from "../../runtime/bus/request.ts"
import { subjectFault } from "../../runtime/bus/subjects.ts"
import type { Incarnation } from "../kernel/node.ts"
import { attachSoon } from "./attachment.ts"
import { drawLatency } from "./latency.ts"
import type { Member, Subscription } from "./member.ts"
import type { SimNetwork } from "./network.ts"

/**
 * Connects a life of a node to the bus until the scope closes. Waits while the bus cannot be reached, as the
 * adapter of NATS does. A life that is killed needs no closing: its connection ends with it.
 */
export const connect = (
  network: SimNetwork,
  life: Incarnation
): Effect.Effect<BusShape, BusUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const member = yield* Effect.acquireRelease(
      Effect.sync(() => network.join(life)),
      (joined) => Effect.sync(() => leave(network, joined))
    )
    yield* connected(network, member)
    const transport = transportOf(network, member)
    const { request } = yield* makeRequests(transport).pipe(Effect.catchTag("BadSubject", Effect.die))
    return { ...transport, request }
  })

const leave = (network: SimNetwork, member: Member): void => {
  // What was published stays on its way: a client flushes before it closes.
  const { epoch } = member
  network.bury(member)
  member.epoch = epoch
  member.status.set("Closed")
}

const connected = (network: SimNetwork, member: Member): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    member.onFirstAttached = () => {
      member.onFirstAttached = undefined
      resume(Effect.void)
    }
    attachSoon(network, member, 0)
  })

const transportOf = (network: SimNetwork, member: Member): Omit<BusShape, "request"> => ({
  maxPayloadBytes: network.maxPayloadBytes,
  publish: (subject, payload, replyTo) => publish(network, member, subject, payload, replyTo),
  subscribe: (subject, handlers) => subscribe(network, member, subject, handlers),
  newInbox: Effect.sync(() => network.newInbox()),
  status: () => member.status.current(),
  onStatus: (callback) => member.status.onStatus(callback),
  flush: Effect.suspend(() => roundTrip(network, member))
})

const publish = (
  network: SimNetwork,
  member: Member,
  subject: string,
  payload: Uint8Array,
  replyTo: string | undefined
): Published => {
  const status = member.status.current()
  if (status === "Closed" || !member.life.alive) return "closed"
  if (payload.length > network.maxPayloadBytes) return "too-large"
  if (status === "Disconnected") {
    network.noteStrike("published-while-disconnected", member.endpoint.name, { subject })
    return "disconnected"
  }
  const fault =
    subjectFault(subject, "publish") ?? (replyTo === undefined ? undefined : subjectFault(replyTo, "publish"))
  if (fault !== undefined) {
    network.kernel.trace.note("bad-subject", member.endpoint.name, { subject, fault })
    return "sent"
  }
  // The caller may use its buffer again as soon as this returns; a view into a larger one arrives, as it does
  // from NATS.
  const copy = Buffer.from(payload)
  if (member.attached) {
    network.route(member, subject, copy, replyTo)
  } else if (network.faults.reconnecting.lateFlush) {
    member.heldBack.push({ subject, payload: copy, replyTo })
  } else {
    network.noteStrike("published-unnoticed", member.endpoint.name, { subject })
  }
  return "sent"
}

/**
 * One way to the server and back; fails when the connection breaks meanwhile. `onFailure` is called first,
 * also where it is interrupted.
 */
const roundTrip = (
  network: SimNetwork,
  member: Member,
  onFailure: () => void = () => {}
): Effect.Effect<void, BusUnavailable> =>
  Effect.callback<void, BusUnavailable>((resume) => {
    const { epoch } = member
    const fail = () => {
      onFailure()
      const closed = member.status.current() === "Closed"
      resume(Effect.fail(new BusUnavailable({ reason: closed ? "it was closed" : "it is disconnected" })))
    }
    if (member.status.current() !== "Connected") return fail()
    const delay = 2 * drawLatency(network.random, network.faults.latency)
    const event = network.kernel.time.after(member.life.scheduler.strand, delay, () => {
      if (event.cancelled) return
      if (member.attached && member.epoch === epoch) resume(Effect.void)
      else fail()
    })
    return Effect.sync(() => {
      network.kernel.time.cancel(event)
      onFailure()
    })
  })

/** In few steps of a fiber: a node subscribes a dozen times when it starts, and nodes start all the time. */
const subscribe = (
  network: SimNetwork,
  member: Member,
  subject: string,
  handlers: Handlers
): Effect.Effect<void, BusUnavailable | BadSubject, Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope): Effect.Effect<void, BusUnavailable | BadSubject> => {
    const reason = subjectFault(subject, "subscribe")
    if (reason !== undefined) return Effect.fail(new BadSubject({ subject, reason }))
    const subscription: Subscription = { member, subject, handlers, open: true }
    const end = () => {
      subscription.open = false
      member.subscriptions.delete(subscription)
      network.forget(subscription)
    }
    // The finalizer first: it runs at once where the scope is closed, and nothing may be left behind then.
    return Effect.flatMap(Scope.addFinalizer(scope, Effect.sync(end)), () => {
      if (subscription.open) {
        member.subscriptions.add(subscription)
        if (member.attached) network.enter(subscription)
      }
      // A caller that is told of a failure tries again: what failed must not deliver beside it.
      return roundTrip(network, member, end)
    })
  })
