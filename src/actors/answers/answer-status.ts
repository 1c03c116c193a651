/** A node answers whoever asks how it is. */
import { subscribed } from "../../runtime/bus/subscribed.ts"
import { count, type NodeContext } from "../node/context.ts"

/** What is told, as far as it matters here: most of it may be what the masters keep. */
interface Told {
  readonly master?: { readonly registers: ReadonlyArray<unknown> }
}

const withoutRegisters = ({ master, ...rest }: Told): object => {
  if (master === undefined) return rest
  const { registers: _, ...shorter } = master
  return { ...rest, master: shorter }
}

/**
 * Everybody may ask; nobody who cannot be answered is. What fits no message goes without what the masters
 * keep of each group, so that clients of very many groups find their leaders all the same.
 */
export const answerStatus = (context: NodeContext, status: () => Told) => {
  const { bus, counters, subjects } = context
  const say = (to: string, told: object) => bus.publish(to, new TextEncoder().encode(JSON.stringify(told)))
  return subscribed(bus, subjects.status, {
    onMessage: (_payload, _subject, replyTo) => {
      if (replyTo === undefined) return
      const told = status()
      if (say(replyTo, told) !== "too-large") return
      if (say(replyTo, withoutRegisters(told)) === "too-large") count(counters, "too-large: status")
    }
  })
}
