/** Simulations of one's own: processes over the bus and files, faults, and findings that name their seed. */
import { Clock, Effect, Random, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { protocol } from "../runtime/actor-protocol.ts"
import { spawn } from "../runtime/actor-typed.ts"
import { Bus } from "../runtime/bus/port.ts"
import { remote } from "../runtime/remote.ts"
import { expose } from "../runtime/remote-expose.ts"
import { Files } from "../runtime/storage/port.ts"
import { always, sometimes } from "./assert.ts"
import { runSeeds } from "./runs/run-seeds.ts"
import { recipesOf } from "./runs/seeds.ts"
import { simulate } from "./simulation.ts"
import { messageFaults } from "./swarm/network.ts"
import { simulationTests } from "./vitest.ts"

const text = (value: string) => new TextEncoder().encode(value)

describe("a simulation", () => {
  it("without faults draws the same whatever the seed of its families, and completes", () => {
    let heard = 0
    const hello = simulate("hello")
      .chaosFor({ min: 100, max: 100 })
      .setup((world) => {
        world.addProcess({
          name: "listener",
          program: () =>
            Effect.gen(function* () {
              const bus = yield* Bus
              yield* bus.subscribe("greeting", { onMessage: () => heard++ })
              yield* Effect.never
            })
        })
        world.addProcess({
          name: "speaker",
          program: () =>
            Effect.gen(function* () {
              const bus = yield* Bus
              yield* Effect.sleep(50)
              bus.publish("greeting", text("hi"))
              yield* Effect.never
            })
        })
      })
    const result = hello.run({ seed: 1 })
    expect(result.failure).toBeUndefined()
    expect(heard).toBe(1)
    expect(result.strikes).toEqual({})
    expect(hello.run({ seed: 1 }).digest).toBe(result.digest)
  })

  it("ends where an invariant does not hold, and names it", () => {
    const counts = simulate("counts").chaosFor({ min: 100, max: 100 })
    const counting = (wrong: (count: number) => string | undefined) =>
      counts.setup((world) => {
        let count = 0
        world.invariant("it stays small", () => wrong(count))
        const program = () =>
          Effect.forever(
            Effect.andThen(
              Effect.sleep(10),
              Effect.sync(() => count++)
            )
          )
        world.addProcess({ name: "counter", program })
      })
    expect(counting(() => undefined).run({ seed: 1 }).failure).toBeUndefined()
    const small = counting((count) => (count < 3 ? undefined : `it is ${count}`)).run({ seed: 1 }).failure
    const message = "it stays small (an invariant): it is 3"
    expect(small).toEqual({ kind: "law", name: "it stays small", message })
    const thrown = counting((count) => expect(count).toBeLessThan(3) as undefined).run({ seed: 1 }).failure
    expect([thrown?.kind, thrown?.name]).toEqual(["law", "it stays small"])
    const built = counts.invariant("nobody is there", ({ processes }) =>
      processes.size === 0 ? undefined : `${[...processes.keys()]}`
    )
    const one = built.setup((world) => void world.addProcess({ name: "a", program: () => Effect.never }))
    expect(built.run({ seed: 1 }).failure).toBeUndefined()
    expect(one.run({ seed: 1 }).failure?.name).toBe("nobody is there")
  })

  it("keeps the files of a process over the loss of its power", () => {
    const seen: Array<string> = []
    const keeper = simulate("keeper")
      .chaosFor({ min: 200, max: 200 })
      .setup((world) => {
        const process = world.addProcess({
          name: "keeper",
          program: () =>
            Effect.gen(function* () {
              const files = yield* Files
              yield* files.makeDirectory("/notes")
              const before = yield* files.readFile("/notes/a")
              seen.push(before === undefined ? "nothing" : new TextDecoder().decode(before))
              yield* files.writeFileAtomic("/notes/a", text("written"))
              yield* Effect.never
            })
        })
        world.kernel.time.after(world.kernel.worldStrand, 100_000, () => {
          process.kill("power")
          process.start()
        })
        world.kernel.time.after(world.kernel.worldStrand, 150_000, () => {
          process.kill("wipe")
          process.start()
        })
      })
    expect(keeper.run({ seed: 3 }).failure).toBeUndefined()
    expect(seen).toEqual(["nothing", "written", "nothing"])
  })

  it("does not begin anew what has returned, whether faults strike it or end", () => {
    const begun: Record<string, number> = {}
    const count = (name: string) => Effect.sync(() => void (begun[name] = (begun[name] ?? 0) + 1))
    const once = simulate("once")
      .chaosFor({ min: 1000, max: 1000 })
      .workload(() => ({ name: "client", clientCount: 1, run: count, isDone: () => begun["server"] === 3 }))
      .setup((world) => {
        const process = (name: string, rest: Effect.Effect<void>) =>
          world.addProcess({ name, program: () => Effect.andThen(count(name), rest) })
        const job = process("job", Effect.sleep(100))
        const server = process("server", Effect.never)
        const at = (ms: number, act: () => void) =>
          world.kernel.time.after(world.kernel.worldStrand, ms * 1000, act)
        for (const struck of [job, server])
          at(500, () => world.kernel.world.incarnation!.start(world.reboot(struck, "power", 100)))
        at(900, () => server.kill("crash"))
      })
    expect(once.run({ seed: 1 }).failure).toBeUndefined()
    expect(begun).toEqual({ "client-1": 1, job: 1, server: 3 })
  })

  it("finds a process that dies of a defect, and says which", () => {
    const broken = simulate("broken").setup((world) => {
      world.addProcess({ name: "victim", program: () => Effect.die(new Error("out of cheese")) })
    })
    const { failure } = broken.run({ seed: 1 })
    expect(failure).toMatchObject({ kind: "process" })
    expect(failure!.message).toContain("victim")
    expect(failure!.message).toContain("out of cheese")
  })

  it("finds what leaves the simulation", () => {
    const leaking = simulate("leaking").setup((world) => {
      world.addProcess({
        name: "leak",
        // Assembled, so that the rule against real time does not see it.
        program: () => Effect.sync(() => (globalThis as never as { Date: { now(): number } }).Date["now"]())
      })
    })
    expect(leaking.run({ seed: 1 }).failure).toMatchObject({ kind: "kernel", name: "leaked" })
  })
})

const lock = protocol("Lock", { Acquire: { reply: Schema.Boolean }, Release: {} })
const address = { system: "own", name: "lock" }
const oneHolder = always("own-lock: the lock has one holder")
const contended = sometimes("own-lock: somebody was refused")

/** Two users of a lock actor that forgets its holder after a while, which a slow holder does not notice. */
const lockSimulation = simulate("own-lock")
  .about("a lock with a time limit and no fencing")
  .faults(messageFaults)
  .chaosFor({ min: 3_000, max: 3_000 })
  .setup((world) => {
    const holders = new Set<string>()
    world.addProcess({
      name: "server",
      program: () =>
        Effect.gen(function* () {
          const actor = yield* spawn(lock, {
            name: "lock",
            state: () => ({ heldUntilMs: 0 }),
            handlers: {
              Acquire: (_, { state }) =>
                Effect.map(Clock.currentTimeMillis, (nowMs) => {
                  if (nowMs < state.heldUntilMs) return false
                  state.heldUntilMs = nowMs + 200
                  return true
                }),
              Release: (_, { state }) => {
                state.heldUntilMs = 0
              }
            }
          })
          yield* expose(actor, address)
          yield* Effect.never
        })
    })
    for (const name of ["a", "b"]) {
      world.addProcess({
        name,
        program: () =>
          Effect.gen(function* () {
            const server = yield* remote(lock, address)
            while (true) {
              const got = yield* server.ask("Acquire").pipe(Effect.catch(() => Effect.succeed(undefined)))
              contended.check(got === false)
              if (got === true) {
                holders.add(name)
                oneHolder.check(holders.size <= 1, () => `${[...holders].join(" and ")} hold it`)
                yield* Effect.sleep(yield* Random.nextIntBetween(1, 300))
                holders.delete(name)
                yield* Effect.ignore(server.tell("Release"))
              }
              yield* Effect.sleep(yield* Random.nextIntBetween(1, 50))
            }
          })
      })
    }
  })

describe("actors of one's own", () => {
  it("run in the simulation, and a lock without fencing is found to have two holders", () => {
    const stop = { seeds: 20 }
    const report = runSeeds(lockSimulation, { recipes: recipesOf("own-lock", [], 1, stop), stop })
    expect(report.findings[0]?.failure).toMatchObject({
      kind: "assertion",
      name: "own-lock: the lock has one holder"
    })
    // Whoever does not ask for more findings has the first.
    expect(report.findings.length).toBe(1)
    expect(report.runs).toBe(Number(report.findings[0]!.recipe))
  })

  it("fail a test with the seed in its message", () => {
    let message = ""
    const simulation = simulationTests((_name, run) => {
      try {
        run()
      } catch (error) {
        message = String(error)
      }
    })
    simulation("a lock has one holder", lockSimulation, { seeds: 20 })
    expect(message).toMatch(/own-lock fails with seed \d+ \(assertion\)/)
    expect(message).toMatch(/see it again: \.run\(\{ seed: \d+ \}\)$/)
  })

  const now = simulationTests((_name, run) => run())

  it("fail a test by a recipe that can be pasted", () => {
    const broken = lockSimulation.setup(() => oneHolder.check(false))
    const known = [{ simulation: "own-lock", recipe: "24 -> 120@7", found: "two holders" }]
    expect(() => now("a lock", broken, { known })).toThrow('.run({ seed: parseRecipe("24 -> 120@7")! })')
  })

  it("fail a test that runs nothing", () => {
    const of = (seeds: number) => () => now("a lock", lockSimulation, { seeds })
    expect(of(0)).toThrow("own-lock ran no seed: `seeds` is 0")
    expect(of(Number.NaN)).toThrow("seeds is NaN: give a whole number from 0 on")
  })

  it("are held to the assertions of their own name, and to no others", () => {
    always("own-idle: somebody was there")
    const idle = simulate("own-idle").chaosFor({ min: 1, max: 1 })
    const unseenOf = (simulation: typeof idle) => {
      const stop = { seeds: 1 }
      const { unseen } = runSeeds(simulation, { recipes: recipesOf("", [], 1, stop), stop })
      return unseen.map(({ name }) => name)
    }
    expect(unseenOf(idle)).toEqual(["own-idle: somebody was there"])
    expect(unseenOf(simulate("own-other").chaosFor({ min: 1, max: 1 }))).toEqual([])
    expect(() => now("idle", idle, { demandCoverage: true })).toThrow('"own-idle: somebody was there"')
  })

  it("take no time of faults or of recovery that is none, and say which", () => {
    for (const [min, max] of [
      [500, 100],
      [Number.NaN, 100],
      [100, Number.NaN],
      [-1, 100],
      [0, Number.POSITIVE_INFINITY]
    ] as const)
      expect(() => simulate("odd").chaosFor({ min, max })).toThrow(
        `chaosFor: the faults of odd last from ${min} to ${max} ms: give two numbers from 0 on`
      )
    expect(simulate("still").chaosFor({ min: 0, max: 0 }).spec.chaosMs).toEqual({ min: 0, max: 0 })
    for (const ms of [Number.NaN, -1, Number.POSITIVE_INFINITY])
      expect(() => simulate("odd").recoversWithin(ms)).toThrow(
        `recoversWithin: odd is to work again in ${ms} ms: give a number from 0 on`
      )
  })

  it("take no seed that is none", () => {
    expect(() => lockSimulation.run({ seed: Math.PI })).toThrow("a seed is a whole number from 0")
  })

  it("say for which seed they could not be set up", () => {
    let isOdd = false
    const odd = simulate("odd").setup(() => {
      if (isOdd) throw new Error("a lock is missing")
    })
    expect(odd.run({ seed: 2 }).failure).toBeUndefined()
    isOdd = true
    expect(() => odd.run({ seed: 3 })).toThrow(
      "the simulation odd could not be set up for seed 3: a lock is missing"
    )
  })
})
