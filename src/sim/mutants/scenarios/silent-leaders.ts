/** Leaders that are replaced, while some client neither hears of that nor anything more of the old one. */
import { Effect } from "effect"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { WorkloadMaker } from "../../workload/client.ts"
import { registersOf } from "../../workload/registers.ts"
import { drawShape } from "../../workload/shape.ts"
import { staged } from "./choreography.ts"
import { campaign } from "./families.ts"

/** Clients in no hurry that wait for as long as it takes. */
export const patientRegisters: WorkloadMaker = (world) => {
  const shape = drawShape(world.random, [{ min: 2, max: 10 }])
  return registersOf(world, "patient-registers", { ...shape, paddingBytes: 0, timeoutMs: 120_000 })
}

/** Longer than a client that can reach the new leader may wait for it. */
const muteMs = 40_000

export const silentLeaders: FaultFamily = staged("silent-leaders", (world, { leader, second, third }) => {
  const { random, bus } = world
  const [client] = random.shuffle(world.clients)
  if (client === undefined) return Effect.void
  const sever = ({ node }: { readonly node: string }) => bus.severOneWay(node, client.name)
  const [unmute, ...told] = [leader, second, third].map(sever)
  campaign(world, second, [leader, third])
  return Effect.sleep(random.range(1_000, 3_000)).pipe(
    Effect.andThen(
      Effect.sync(() => {
        for (const heal of told) heal()
      })
    ),
    Effect.andThen(Effect.sleep(muteMs)),
    Effect.ensuring(Effect.sync(() => unmute!()))
  )
})
