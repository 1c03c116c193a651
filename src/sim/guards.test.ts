/** The ambient guard: whatever reaches for the outside world ends the run and names the place. */
import { Effect, Hash } from "effect"
import { describe, expect, it } from "vitest"
import { Kernel } from "./kernel.ts"

const escapes: Record<string, () => unknown> = {
  setTimeout: () => setTimeout(() => {}, 1),
  setInterval: () => setInterval(() => {}, 1),
  setImmediate: () => setImmediate(() => {}),
  queueMicrotask: () => queueMicrotask(() => {}),
  fetch: () => fetch("http://127.0.0.1/"),
  "Date.now": () => Date.now(),
  "new Date()": () => new Date(),
  "performance.now": () => performance.now(),
  "Math.random": () => Math.random(),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1)),
  "process.nextTick": () => process.nextTick(() => {}),
  "process.hrtime": () => process.hrtime(),
  "process.hrtime.bigint": () => process.hrtime.bigint()
}

const promises: Record<string, Effect.Effect<unknown, unknown>> = {
  "Effect.promise": Effect.promise(() => Promise.resolve(1)),
  "an async function": Effect.sync(() => (async () => 1)()),
  "new Promise": Effect.sync(() => new Promise(() => {}))
}

describe("inside a run", () => {
  for (const [what, leave] of Object.entries(escapes)) {
    it(`${what} is an error that names the place, though the program swallows it`, () => {
      const swallowed = Effect.try({ try: leave, catch: () => "caught" }).pipe(
        Effect.ignore,
        Effect.andThen(Effect.sleep(1))
      )
      const outcome = new Kernel({ seed: 1 }).run(swallowed)
      expect(outcome._tag).toBe("Leaked")
      if (outcome._tag !== "Leaked") return
      expect(outcome.leak.what).toBe(what)
      expect(outcome.leak.place).toContain("guards.test.ts")
    })
  }

  for (const [what, effect] of Object.entries(promises)) {
    it(`${what} is noticed, with its place`, () => {
      const outcome = new Kernel({ seed: 1 }).run(effect)
      expect(outcome._tag).toBe("Leaked")
      if (outcome._tag !== "Leaked") return
      expect(outcome.leak.what).toBe("Promise")
      expect(outcome.leak.stack).toContain("guards.test.ts")
    })
  }

  it("Effect's own hashing gets a repeatable stand-in, and spans get numbers", () => {
    const program = Effect.gen(function* () {
      const span = yield* Effect.currentSpan.pipe(Effect.withSpan("work"))
      return [Hash.random({}), Hash.random({}), span.spanId, span.traceId]
    })
    const run = () => {
      const outcome = new Kernel({ seed: 1 }).run(program)
      return outcome._tag === "Completed" && outcome.exit._tag === "Success" ? outcome.exit.value : undefined
    }
    const first = run()
    expect(first).toBeDefined()
    expect(run()).toEqual(first)
    expect(new Set(first).size).toBe(4)
  })

  it("dates of a given time and printing stay allowed", () => {
    const program = Effect.sync(() => {
      console.debug("printed inside a run")
      return [new Date(0).toISOString(), new Date(5) instanceof Date, Date.UTC(1970, 0, 1)]
    })
    const outcome = new Kernel({ seed: 1 }).run(program)
    expect(outcome._tag === "Completed" && outcome.exit._tag === "Success" && outcome.exit.value).toEqual([
      "1970-01-01T00:00:00.000Z",
      true,
      0
    ])
  })
})

describe("after a run", () => {
  it("everything is as it was, also when the run ended badly", () => {
    const before = [setTimeout, Date, Math.random, process.nextTick, performance.now, process.hrtime]
    new Kernel({ seed: 1 }).run(Effect.sync(() => Date.now()))
    expect([setTimeout, Date, Math.random, process.nextTick, performance.now, process.hrtime]).toEqual(before)
    expect(Object.hasOwn(performance, "now")).toBe(false)
    expect(Date.now()).toBeGreaterThan(1e12)
    expect(setTimeout(() => {}, 0)).toBeDefined()
  })

  it("a run inside a run is refused", () => {
    const outcome = new Kernel({ seed: 1 }).run(Effect.sync(() => new Kernel({ seed: 2 }).run(Effect.void)))
    expect(outcome._tag === "Completed" && String(outcome.exit)).toContain("already running")
    expect(new Kernel({ seed: 1 }).run(Effect.void)._tag).toBe("Completed")
  })
})
