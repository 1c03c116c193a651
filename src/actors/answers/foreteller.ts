/**
 * Results that clients may know before they are sent: told in advance, and sent only to those that do not
 * soon show that they have them (protocol, section 5, point 8).
 */
import type { Configuration } from "../../protocol/configuration.ts"
import { type GroupId, SessionId, type Slot, sameReplica } from "../../protocol/ids.ts"
import { NumberTable } from "../../protocol/learner/number-table.ts"
import type { Foreseen } from "../../protocol/learner/preview.ts"
import { receivedThrough, type Sessions } from "../../protocol/learner/session.ts"
import { knob } from "../../runtime/buggify.ts"
import type { NodeContext } from "../node/context.ts"
import { sendResults } from "./replies.ts"

/** How long a client has to show that it knows its result. */
const withheldMs = knob("foretold-result-withheld-ms", 20, { min: 1, max: 500 })

interface Told {
  readonly number: number
  readonly slot: Slot
  /** The result, once the command is applied here. */
  flat: ReadonlyArray<unknown> | undefined
}

/** Called by the learner alone. A session has at most one command that it was foretold. */
export class Foreteller {
  readonly #context: NodeContext
  readonly #group: GroupId
  /** By session. They come and go with each command: a map would leave its tables behind (decision 22). */
  #told = new NumberTable<Told>()

  constructor(context: NodeContext, group: GroupId) {
    this.#context = context
    this.#group = group
  }

  /** In so many milliseconds `sendAll` is to be called; what is told after that may go with it. */
  get inMs(): number {
    return withheldMs.value
  }

  /**
   * Tells a client what its command will come to. What fits no message is left out: the result follows. What
   * is withheld of the command before is sent now, unless the client shows by this one that it has it.
   */
  tell(foreseen: Foreseen, flat: ReadonlyArray<unknown>, { ballot, acceptors }: Configuration): void {
    const { session, number, slot } = foreseen.result
    const waitsFor = acceptors.filter((acceptor) => !sameReplica(acceptor, this.#context.self))
    const body = { _tag: "Foretold", ballot, slot, waitsFor, session, flat } as const
    if (this.#context.toSession(session, this.#group, body) !== "sent") return
    const before = this.#told.get(session)
    if (before?.flat !== undefined && before.number > foreseen.received)
      sendResults(this.#context, this.#group, session, before.flat)
    this.#told.set(session, { number, slot, flat: undefined })
  }

  /** Sends the results of a session, unless they are one that it was foretold: that is kept for a while. */
  send(session: SessionId, flat: ReadonlyArray<unknown>): void {
    const told = this.#told.get(session)
    if (told !== undefined && flat.length === 4 && flat[0] === told.number && flat[1] === told.slot)
      told.flat = flat
    else sendResults(this.#context, this.#group, session, flat)
  }

  /** Forgets what clients have shown to know, by the commands that were applied just now. */
  forget(sessions: Sessions): void {
    for (const [session, { number }] of this.#told.entries())
      if (receivedThrough(sessions, SessionId(session)) >= number) this.#told.delete(session)
  }

  /** Sends what is withheld. What is not applied here by now is sent when it is. */
  sendAll(): void {
    for (const [session, { flat }] of this.#told.entries())
      if (flat !== undefined) sendResults(this.#context, this.#group, SessionId(session), flat)
    this.#told = new NumberTable()
  }
}
