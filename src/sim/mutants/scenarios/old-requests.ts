/** A bus on which what operators asked for comes again long after it was done. */
import { Effect } from "effect"
import { Bus } from "../../../runtime/bus/port.ts"
import { monotonicMs } from "../../../runtime/monotonic.ts"
import { type Packet, packetCodec } from "../../../wire/packet.ts"
import { clusterName } from "../../cluster.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"

interface Request {
  readonly atMs: number
  readonly subject: string
  readonly payload: Uint8Array
  readonly replyTo: string | undefined
}

/** What an operator asks a leader, and what that one asks the master for it. */
const isOfOperator = ({ body }: Packet): boolean =>
  body._tag === "OperatorAsk" || (body._tag === "MasterAsk" && body.request._tag === "Drain")

/** So long a pass may be good that was not used up. */
const oldAfterMs = 61_000
const againEveryMs = 200

/** Somebody keeps what operators asked for, and asks it again when no pass for it can be good any more. */
export const oldRequests: FaultFamily = {
  name: "old-requests",
  share: 1,
  begin: (world) => {
    const codec = packetCodec(clusterName)
    const program = Effect.gen(function* () {
      const bus = yield* Bus
      const asked: Array<Pick<Request, "subject" | "payload" | "replyTo">> = []
      const kept: Array<Request> = []
      yield* bus.subscribe(`aplomb.${clusterName}.>`, {
        onMessage: (payload, subject, replyTo) => {
          const packet = codec.decode(payload)
          if (typeof packet === "string" || !isOfOperator(packet)) return
          asked.push({ subject, payload: Uint8Array.from(payload), replyTo })
        }
      })
      while (true) {
        yield* Effect.sleep(againEveryMs)
        const atMs = yield* monotonicMs
        for (const one of asked.splice(0)) kept.push({ ...one, atMs })
        const old = kept.filter((one) => atMs - one.atMs > oldAfterMs)
        if (world.phase !== "chaos" || old.length === 0) continue
        const { subject, payload, replyTo } = world.random.pick(old)
        bus.publish(subject, payload, replyTo)
      }
    })
    world.addProcess({ name: "repeater", program: () => program })
    return Effect.never
  }
}
