/** Restarts, outages and lost disks strike the processes of a simulation of one's own, too. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { simulate } from "../simulation.ts"
import { outages, restartStorms, restarts, wipes } from "./attrition.ts"
import { killsInWrites } from "./kills-in-writes.ts"
import type { FaultFamily } from "./swarm.ts"

/** Two processes without a cluster, and one client; how often each was started when the faults ended. */
const livesUnder = (family: FaultFamily) => {
  const lives: Record<string, number> = {}
  const note = (name: string, life: number) =>
    Effect.sync(() => {
      lives[name] = life
    })
  const simulation = simulate("own")
    .chaosFor({ min: 30_000, max: 30_000 })
    .faults({ ...family, share: 1 })
    .setup((world) => {
      for (const name of ["a", "b"]) {
        world.addProcess({ name, program: (life) => Effect.andThen(note(name, life), Effect.never) })
      }
    })
    .workload((world) => ({
      name: "client",
      clientCount: 1,
      run: (name, life) =>
        Effect.gen(function* () {
          yield* note(name, life)
          while (world.phase !== "over") yield* Effect.sleep(100)
        })
    }))
  return { result: simulation.run({ seed: 1 }), lives, simulation }
}

describe("without a cluster", () => {
  for (const family of [restarts, outages, restartStorms, wipes]) {
    it(`${family.name} strike processes, and leave clients alone`, () => {
      const { result, lives } = livesUnder(family)
      expect(result.failure).toBeUndefined()
      expect(lives["a"]).toBeGreaterThan(1)
      expect(lives["b"]).toBeGreaterThan(1)
      expect(lives["client-1"]).toBe(1)
    })
  }

  it("restarts are named one by one, and one that is left out does not strike", () => {
    const { result, simulation } = livesUnder(restarts)
    expect(result.struck.slice(0, 2)).toEqual(["restarts#1", "restarts#2"])
    const without = simulation.run({ seed: 1, without: ["restarts#1"] })
    expect(without.struck[0]).toBe("restarts#2")
  })

  it("faults of nodes where there is no process are no finding", () => {
    const empty = simulate("empty").chaosFor({ min: 60_000, max: 60_000 })
    for (const family of [restarts, outages, restartStorms, wipes, killsInWrites]) {
      expect(empty.faults({ ...family, share: 1 }).run({ seed: 1 }).failure).toBeUndefined()
    }
  })

  it("a process that two of them take down is started by the last, and is down for what comes before", () => {
    const seen: Array<string> = []
    const twice: FaultFamily = {
      name: "twice",
      share: 1,
      begin: (world) => {
        const process = world.processes.get("a")!
        const note = (what: string) => () => void seen.push(`${what}, ${process.running ? "up" : "down"}`)
        const [short, long] = [
          world.reboot(process, "crash", 100, note("short")),
          world.reboot(process, "power", 300, note("long"))
        ]
        return Effect.all([short, long], { concurrency: 2 }).pipe(
          Effect.andThen(Effect.sync(note("over"))),
          Effect.andThen(Effect.never)
        )
      }
    }
    expect(livesUnder(twice).result.failure).toBeUndefined()
    expect(seen).toEqual(["short, down", "long, down", "over, up"])
  })
})
