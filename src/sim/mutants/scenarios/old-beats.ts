/** A bus on which beats of lives that are over come again and again, while nodes restart. */
import { Effect } from "effect"
import type { Beat } from "../../../protocol/liveness/detector.ts"
import { Bus } from "../../../runtime/bus/port.ts"
import { packetCodec } from "../../../wire/packet.ts"
import { clusterName } from "../../cluster.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { WorkloadMaker } from "../../workload/client.ts"
import type { Workload } from "../../workload/workload.ts"
import { again } from "./choreography.ts"

/** One node of the group after the other restarts, at once. */
export const quickRestarts: FaultFamily = again("quick-restarts", (world) => {
  const { processes, options } = world.cluster!
  const process = processes.get(world.random.pick(options.acceptors))!
  return process.running ? world.reboot(process, "crash", world.random.range(1, 100)) : Effect.void
})

const keptMax = 40
const againEveryMs = 5

/**
 * One that keeps a beat of each life and sends them all again while there are faults, so that whoever starts
 * hears of lives that are over first. Done when every node gives back beats of the lives that are there.
 */
export const oldBeats: WorkloadMaker = (world): Workload => {
  const codec = packetCodec(clusterName)
  const kept = new Map<number, { readonly subject: string; readonly payload: Uint8Array }>()
  /** The newest beat of the life that began last, by node. */
  const newest = new Map<string, Beat>()
  const note = (payload: Uint8Array, subject: string): void => {
    const packet = codec.decode(payload)
    if (typeof packet === "string" || packet.body._tag !== "Beat") return
    const { from, body } = packet
    const known = newest.get(from.node)
    const isNew = !kept.has(body.life)
    if (isNew) kept.set(body.life, { subject, payload: Uint8Array.from(payload) })
    if (isNew || (known?.life === body.life && known.number < body.number)) newest.set(from.node, body)
  }
  const isGivenBack = (by: string, of: string): boolean =>
    newest.get(by)?.echoes.some(({ node, life }) => node === of && life === newest.get(of)?.life) === true
  const isDone = (): boolean => {
    const { acceptors } = world.cluster!.options
    return acceptors.every((by) => acceptors.every((of) => by === of || isGivenBack(by, of)))
  }
  return {
    name: "old-beats",
    clientCount: 1,
    isDone,
    run: Effect.fnUntraced(function* () {
      const bus = yield* Bus
      yield* bus.subscribe(`aplomb.${clusterName}.>`, { onMessage: note })
      while (world.phase === "chaos" || !isDone()) {
        yield* Effect.sleep(againEveryMs)
        if (world.phase !== "chaos") continue
        for (const { subject, payload } of [...kept.values()].slice(0, keptMax)) bus.publish(subject, payload)
      }
    })
  }
}
