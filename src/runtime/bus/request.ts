/** Questions and answers over publish and subscribe: one inbox a bus, answers told apart by a number. */
import { Context, Effect, type Scope } from "effect"
import { Alarm } from "../alarm.ts"
import {
  BadSubject,
  type BusShape,
  BusUnavailable,
  NoResponders,
  PayloadTooLarge,
  RequestTimeout
} from "./port.ts"
import { subjectFault } from "./subjects.ts"
import { subscribed } from "./subscribed.ts"

type RequestFailure = NoResponders | BusUnavailable | PayloadTooLarge | BadSubject

interface Waiting {
  readonly subject: string
  readonly resume: (answer: Effect.Effect<Uint8Array, RequestFailure>) => void
}

export interface Requests {
  readonly request: BusShape["request"]
  /** Fails the questions in flight to one subject: for adapters that learn late that it is forbidden. */
  readonly refuse: (failure: BadSubject) => void
}

/** The rest of a bus: all that questions and answers are made of. */
export type RequestTransport = Pick<
  BusShape,
  "maxPayloadBytes" | "publish" | "subscribe" | "newInbox" | "status" | "onStatus"
>

/**
 * Makes the `request` of a bus out of the rest of it. What is in flight fails with `BusUnavailable` as soon
 * as the bus is disconnected or the scope closes: no caller waits out its timeout for an answer that cannot
 * come. A bus that goes away before the inbox is subscribed to is waited for.
 *
 * @param bus the rest of the bus; its publish must take effect after its subscribe
 * @throws BadSubject where the inbox is refused, BusUnavailable where the bus was closed for good
 */
export const makeRequests = (
  bus: RequestTransport
): Effect.Effect<Requests, BusUnavailable | BadSubject, Scope.Scope> =>
  Effect.gen(function* () {
    const waiting = new Map<string, Waiting>()
    let lastNumber = 0
    const inbox = yield* bus.newInbox
    const context = yield* Effect.context<never>()
    const alarms = Context.get(context, Alarm)(context)

    const settle = (replySubject: string, answer: (subject: string) => Parameters<Waiting["resume"]>[0]) => {
      const number = replySubject.slice(inbox.length + 1)
      const found = waiting.get(number)
      // Nobody waits any longer for a late answer, and a second one was never wanted.
      if (found === undefined) return
      waiting.delete(number)
      found.resume(answer(found.subject))
    }
    const failWhere = (failure: RequestFailure, chosen: (subject: string) => boolean) => {
      for (const [number, { subject, resume }] of [...waiting]) {
        if (chosen(subject) && waiting.delete(number)) resume(Effect.fail(failure))
      }
    }
    const failAll = (reason: string) => {
      if (waiting.size > 0) failWhere(new BusUnavailable({ reason }), () => true)
    }

    yield* Effect.addFinalizer(() => Effect.sync(() => failAll("it was closed")))
    yield* bus.onStatus((status) => {
      if (status !== "Connected") failAll(`${status.toLowerCase()} while the answer was awaited`)
    })
    yield* subscribed(bus, `${inbox}.*`, {
      onMessage: (payload, subject) => settle(subject, () => Effect.succeed(payload)),
      onNoResponders: (reply) => settle(reply, (subject) => Effect.fail(new NoResponders({ subject })))
    })

    const request: Requests["request"] = (subject, payload, timeoutMs) =>
      Effect.callback((resume) => {
        const fault = subjectFault(subject, "publish")
        if (fault !== undefined) return resume(Effect.fail(new BadSubject({ subject, reason: fault })))
        const number = String(++lastNumber)
        const published = bus.publish(subject, payload, `${inbox}.${number}`)
        if (published !== "sent")
          return resume(Effect.fail(refusal(published, subject, payload, bus.maxPayloadBytes)))
        const timedOut = () => {
          if (waiting.delete(number)) resume(Effect.fail(new RequestTimeout({ subject, timeoutMs })))
        }
        // An alarm, and no race of fibers: a node asks all the time.
        const withdraw = Number.isFinite(timeoutMs)
          ? alarms.after(Math.max(0, timeoutMs), timedOut)
          : () => {}
        waiting.set(number, {
          subject,
          resume: (answer) => {
            withdraw()
            resume(answer)
          }
        })
        return Effect.sync(() => {
          if (waiting.delete(number)) withdraw()
        })
      })

    return {
      request,
      refuse: (failure) => failWhere(failure, (subject) => subject === failure.subject)
    }
  })

const refusal = (
  published: "disconnected" | "closed" | "too-large",
  subject: string,
  payload: Uint8Array,
  limitBytes: number
): RequestFailure =>
  published === "too-large"
    ? new PayloadTooLarge({ subject, sizeBytes: payload.byteLength, limitBytes })
    : new BusUnavailable({ reason: published === "closed" ? "it was closed" : "it is disconnected" })
