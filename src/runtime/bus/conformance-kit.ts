/** What claims about buses are made of: a fixture, ears, barriers, and comparisons that fail clearly. */
import { Data, Effect, Exit, Queue, Scope } from "effect"
import type { BusShape, BusUnavailable } from "./port.ts"

/** What an adapter brings to be examined. */
export interface Fixture {
  /** Another member of the same bus, until the scope closes. */
  readonly connect: Effect.Effect<BusShape, unknown, Scope.Scope>
  /** Lets so many milliseconds pass, virtual or real. */
  readonly pass: (timeMs: number) => Effect.Effect<void>
}

/** One sentence that must be true of every bus, and the programme that fails where it is not. */
export interface Claim {
  readonly claim: string
  readonly check: (fixture: Fixture) => Effect.Effect<void, unknown, Scope.Scope>
}

/** The bus under examination does not do what the claim says. */
export class ClaimBroken extends Data.TaggedError("ClaimBroken")<{
  readonly what: string
  readonly actual: unknown
  readonly expected: unknown
}> {
  override get message(): string {
    return `${this.what}: ${JSON.stringify(this.actual)} instead of ${JSON.stringify(this.expected)}`
  }
}

/** Fails unless both are the same as JSON. */
export const same = (what: string, actual: unknown, expected: unknown): Effect.Effect<void, ClaimBroken> =>
  JSON.stringify(actual) === JSON.stringify(expected)
    ? Effect.void
    : Effect.fail(new ClaimBroken({ what, actual, expected }))

export const text = (content: string): Uint8Array => new TextEncoder().encode(content)
export const textOf = (payload: Uint8Array): string => new TextDecoder().decode(payload)

export interface Heard {
  readonly payload: Uint8Array
  readonly subject: string
  readonly replyTo: string | undefined
}

/** Everything that one subscription has received. */
export interface Ear {
  readonly next: Effect.Effect<Heard>
  /** Waits for that many, and returns their payloads as text. */
  readonly texts: (count: number) => Effect.Effect<ReadonlyArray<string>>
  /** The texts received and not taken so far. */
  readonly rest: Effect.Effect<ReadonlyArray<string>>
  /** Reply subjects on which nobody was said to listen. */
  readonly noResponders: ReadonlyArray<string>
}

export const listen = (bus: BusShape, subject: string) =>
  Effect.gen(function* () {
    const heard = yield* Queue.unbounded<Heard>()
    const noResponders: Array<string> = []
    yield* bus.subscribe(subject, {
      onMessage: (payload, from, replyTo) => {
        Queue.offerUnsafe(heard, { payload, subject: from, replyTo })
      },
      onNoResponders: (replySubject) => {
        noResponders.push(replySubject)
      }
    })
    const ear: Ear = {
      next: Queue.take(heard),
      texts: (count) =>
        Effect.map(Queue.takeN(heard, count), (all) => all.map(({ payload }) => textOf(payload))),
      rest: Effect.map(Queue.clear(heard), (all) => all.map(({ payload }) => textOf(payload))),
      noResponders
    }
    return ear
  })

/** Returns when everything that `from` has published before has arrived at `to`, or never will. */
export const barrier = (from: BusShape, to: BusShape) =>
  Effect.gen(function* () {
    const subject = yield* to.newInbox
    const ear = yield* listen(to, subject)
    yield* same("publishing over a barrier", from.publish(subject, text("barrier")), "sent")
    yield* ear.next
  }).pipe(Effect.scoped)

/** Answers every question on a subject by a function of its text; undefined stays silent. */
export const answer = (bus: BusShape, subject: string, reply: (question: string) => Uint8Array | undefined) =>
  bus.subscribe(subject, {
    onMessage: (payload, _subject, replyTo) => {
      const content = reply(textOf(payload))
      if (content !== undefined && replyTo !== undefined) bus.publish(replyTo, content)
    }
  })

/** A member with a scope of its own, to be closed before the others. */
export const closable = (fixture: Fixture) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    const bus = yield* Scope.provide(fixture.connect, scope)
    return { bus, close: Scope.close(scope, Exit.void) }
  })

/** The tag of the error that an effect fails with, or what it succeeded with. */
export const outcome = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E | BusUnavailable, R>
): Effect.Effect<unknown, never, R> =>
  Effect.match(effect, { onFailure: (error): unknown => error._tag, onSuccess: (value): unknown => value })
