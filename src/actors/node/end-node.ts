/** A node ends with whatever of it throws: its memory and its disk may disagree by then. */
import { Cause, Data, Effect } from "effect"
import type { ActorHandle } from "../../runtime/actor-handle.ts"
import { messageOf } from "../../runtime/message-of.ts"
import { StorageCorrupted } from "../../runtime/storage/errors.ts"
import { DiskFailed } from "../../runtime/storage/port.ts"

/** A role of a group threw: a bug, or an old entry that the disk no longer gives back. */
export class RoleCrashed extends Data.TaggedError("RoleCrashed")<{
  readonly role: string
  readonly cause: unknown
}> {
  override get message(): string {
    const { cause } = this
    const isOfDisk = cause instanceof StorageCorrupted || cause instanceof DiskFailed
    const what = `${this.role} crashed: ${messageOf(cause)}`
    return isOfDisk ? what : `${what}; the node stops, its log is sound`
  }
}

/** A role that ends otherwise than by being stopped ends its node. */
export const endNode = (
  onFailure: (failure: RoleCrashed) => void,
  ...actors: ReadonlyArray<Pick<ActorHandle<never>, "name" | "onTerminated">>
): void => {
  for (const actor of actors) {
    actor.onTerminated((end) => {
      if (end._tag === "Stopped") return
      onFailure(new RoleCrashed({ role: actor.name, cause: Cause.squash(end.cause) }))
    })
  }
}

/** The same for what runs in a fiber beside the actors: `role` names it. */
export const endingNode = <A>(
  onFailure: (failure: RoleCrashed) => void,
  role: string,
  effect: Effect.Effect<A>
): Effect.Effect<A> =>
  Effect.tapCause(effect, (cause) =>
    Effect.sync(() => {
      if (!Cause.hasInterruptsOnly(cause)) onFailure(new RoleCrashed({ role, cause: Cause.squash(cause) }))
    })
  )
