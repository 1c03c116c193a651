/** Defects of actors and fibers of a user's process are findings, though nothing comes of them by itself. */
import { Deferred, Effect, Schedule, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { RoleCrashed } from "../actors/node/end-node.ts"
import * as Actor from "../runtime/actor.ts"
import { StorageCorrupted } from "../runtime/storage/errors.ts"
import { FaultsBroke, Tolerance } from "./ends.ts"
import { reportLines } from "./runs/report.ts"
import { runSeeds } from "./runs/run-seeds.ts"
import { recipesOf } from "./runs/seeds.ts"
import { type Program, type Simulation, simulate, unreachable } from "./sim.ts"

const Victim = Actor.protocol("Victim", { Tell: {}, Ask: { reply: Schema.Int, error: Schema.String } })

const soon = Schedule.spaced(1)

interface Crashing {
  readonly supervision?: Actor.Supervision
  readonly tell?: () => void | Effect.Effect<void, never>
  readonly fails?: boolean
}

/** An actor whose handler goes wrong, and who tells it something again and again. */
const crashing = ({ supervision, fails = false }: Crashing): Program =>
  Effect.gen(function* () {
    const actor = yield* Actor.spawn(Victim, {
      name: "victim",
      ...(supervision === undefined ? {} : { supervision }),
      state: () => undefined,
      handlers: {
        Tell: () => {
          if (fails) return Effect.fail("no luck") as never
          throw new TypeError("out of cheese")
        },
        Ask: () => Effect.fail("not today")
      }
    })
    for (let count = 0; count < 20; count++) {
      yield* Effect.ignore(actor.tell("Tell"))
      yield* Effect.ignore(actor.ask("Ask", undefined, { timeoutMs: 100 }))
      yield* Effect.sleep(20)
    }
    yield* Effect.never
  })

const alone = (program: () => Program): Simulation =>
  simulate("defects").setup((world) => void world.addProcess({ name: "server", program }))

const failureOf = (program: Program) => alone(() => program).run({ seed: 1 }).failure

describe("a defect of an actor", () => {
  it.each([
    ["by default", undefined],
    ["that restarts at once", Actor.restart({ backoff: soon, restartsMax: 1 })],
    ["that restarts for ever", Actor.restart({ backoff: soon, restartsMax: 1000 })],
    ["under crash", Actor.crash],
    ["under stopOnCrash", Actor.stopOnCrash]
  ])("%s is a finding that names actor, process and place", (_, supervision) => {
    const failure = failureOf(crashing(supervision === undefined ? {} : { supervision }))
    expect(failure).toMatchObject({ kind: "process", name: "a process broke" })
    expect(failure!.message).toMatch(
      /the process server broke: the actor victim crashed: TypeError: out of cheese/
    )
    expect(failure!.message).toContain("defects.test.ts")
  })

  it("in its start or its end, or of who watches it, is one as well", () => {
    const boom = () => {
      throw new TypeError("out of cheese")
    }
    const idle = { name: "victim", receive: () => {} }
    const starting = failureOf(Effect.andThen(Actor.spawnEach({ ...idle, onStart: boom }), Effect.never))
    expect(starting?.message).toContain("the actor victim crashed: TypeError: out of cheese")
    const ended = (onStop: () => void, watch: () => void) =>
      failureOf(
        Effect.gen(function* () {
          const actor = yield* Actor.spawnEach({ ...idle, onStop })
          actor.onTerminated(watch)
          yield* actor.stop()
          yield* Effect.never
        })
      )
    expect(ended(boom, () => {})?.message).toContain("the actor victim crashed: TypeError")
    expect(ended(() => {}, boom)?.message).toContain("the actor victim crashed: TypeError")
    expect(
      ended(
        () => {},
        () => {}
      )
    ).toBeUndefined()
  })
})

describe("what an actor fails with, as its type says,", () => {
  it("is left to its supervision, and an error of the protocol is an answer", () => {
    const supervision = Actor.restart({ backoff: soon, restartsMax: 1000 })
    expect(failureOf(crashing({ supervision, fails: true }))).toBeUndefined()
    expect(failureOf(crashing({ supervision: Actor.stopOnCrash, fails: true }))).toBeUndefined()
  })

  it("is a finding where it escalates, and has neither parent nor watcher", () => {
    const supervision = Actor.restart({ backoff: soon, restartsMax: 1 })
    const failure = failureOf(crashing({ supervision, fails: true }))
    expect(failure).toMatchObject({ kind: "process" })
    expect(failure!.message).toMatch(/process server broke: .*the actor victim crashed for good.*no luck/s)
  })

  it("is none where somebody watches", () => {
    const watched = (watch: (actor: Actor.ActorHandle<string>) => Effect.Effect<unknown>): Program =>
      Effect.gen(function* () {
        const receive = () => Effect.fail("no luck")
        const actor = yield* Actor.spawnEach<string>({ name: "victim", supervision: Actor.crash, receive })
        yield* Effect.forkScoped(watch(actor))
        yield* Effect.sleep(10)
        actor.offerUnsafe("a")
        yield* Effect.never
      })
    expect(failureOf(watched(() => Effect.void))?.message).toContain("nobody watches")
    expect(failureOf(watched((actor) => actor.terminated))).toBeUndefined()
    expect(failureOf(watched((actor) => Effect.sync(() => actor.onTerminated(() => {}))))).toBeUndefined()
  })
})

describe("a defect of a fiber", () => {
  const broken = Effect.andThen(Effect.sleep(10), Effect.die(new TypeError("out of cheese")))
  const then = Effect.never

  it.each<[string, Program]>([
    ["that is a child", Effect.andThen(Effect.forkChild(broken), then)],
    ["of a scope", Effect.andThen(Effect.forkScoped(broken), then)],
    ["that is detached", Effect.andThen(Effect.forkDetach(broken), then)]
  ])("%s is a finding that names process and place", (_, program) => {
    const failure = failureOf(program)
    expect(failure).toMatchObject({ kind: "process", name: "a process broke" })
    expect(failure!.message).toMatch(/the process server broke: a fiber died: TypeError: out of cheese/)
  })

  it("that is caught where it happens is none, nor is a failure", () => {
    expect(failureOf(Effect.andThen(Effect.forkScoped(Effect.exit(broken)), then))).toBeUndefined()
    expect(failureOf(Effect.andThen(Effect.forkScoped(Effect.fail("no luck")), then))).toBeUndefined()
  })

  it("that the process itself ends of is said to be the process's", () => {
    expect(failureOf(broken)?.message).toMatch(/^the process server broke: TypeError: out of cheese/)
    const joined = Effect.flatMap(Effect.forkChild(Deferred.await(Deferred.makeUnsafe<void>())), () => broken)
    expect(failureOf(joined)?.message).toMatch(/^the process server broke: TypeError: out of cheese/)
  })

  it("of a family of faults is a finding, too", () => {
    const family = {
      name: "forking",
      share: 1,
      begin: () => Effect.scoped(Effect.andThen(Effect.forkScoped(broken), Effect.never))
    }
    const { failure } = simulate("faults").faults(family).run({ seed: 1 })
    expect(failure).toMatchObject({ kind: "kernel", name: "a family of faults broke" })
    expect(new FaultsBroke("x").name).toBe("FaultsBroke")
  })
})

describe("a simulation that expects defects", () => {
  const lives: Array<number> = []
  const begunAnew = unreachable("defects: never")
  const expecting = (program: (life: number) => Program) =>
    simulate("expecting")
      .expectingDefects()
      .setup((world) => {
        lives.length = 0
        world.addProcess({
          name: "server",
          program: (life) =>
            Effect.andThen(
              Effect.sync(() => lives.push(life)),
              program(life)
            )
        })
      })

  it("counts them, and the report says so", () => {
    const supervision = Actor.restart({ backoff: soon, restartsMax: 1000 })
    const simulation = expecting(() => crashing({ supervision }))
    const { failure, defects } = simulation.run({ seed: 1 })
    expect(failure).toBeUndefined()
    expect(defects).toEqual({ "server, the actor victim crashed": 20 })
    const stop = { seeds: 2 }
    const report = runSeeds(simulation, { recipes: recipesOf("expecting", [], 1, stop), stop })
    expect(reportLines(report)).toContain("defects, as expected: server, the actor victim crashed: 40")
    expect(lives).toEqual([1])
  })

  it("has what escalates end its process, which is started again", () => {
    const { failure, defects } = expecting((life) =>
      life === 1 ? crashing({ supervision: Actor.crash }) : Effect.never
    ).run({ seed: 1 })
    expect(failure).toBeUndefined()
    expect(lives).toEqual([1, 2])
    expect(defects).toEqual({ "server, the actor victim crashed": 1, "server, nobody caught": 1 })
  })

  it("has what ends a process start it again as well", () => {
    const broken = (life: number) => (life === 1 ? Effect.die(new Error("at once")) : Effect.never)
    const { failure, defects } = expecting(broken).run({ seed: 1 })
    expect(failure).toBeUndefined()
    expect([lives, defects]).toEqual([[1, 2], { server: 1 }])
  })

  it("still breaks for everything else", () => {
    const { failure } = expecting(() => Effect.sync(() => begunAnew.reach("it began"))).run({ seed: 1 })
    expect(failure).toMatchObject({ kind: "assertion" })
  })
})

describe("a node of a cluster", () => {
  const judged = (failure: unknown, expectsDamage: boolean) => {
    const tolerance = new Tolerance()
    tolerance.expectsDamage = expectsDamage
    tolerance.expectsDefects = true
    return tolerance.judge({ process: "n1", isNode: true, who: undefined, failure })?.message
  }

  it("may crash of its disk where damage is expected, and never of a bug, whatever is expected", () => {
    const bug = new RoleCrashed({ role: "n1/kv/leader", cause: new TypeError("out of cheese") })
    expect(judged(bug, true)).toContain("out of cheese")
    const damage = new StorageCorrupted({ path: "wal", offset: 0, reason: "it rots" })
    const disk = new RoleCrashed({ role: "n1/kv/leader", cause: damage })
    expect([judged(disk, true), judged(disk, false)]).toEqual([undefined, expect.stringContaining("crashed")])
    expect(judged(new TypeError("out of cheese"), true)).toContain("the process n1 broke")
  })
})
