/** The ambient guard: whatever reaches for the outside world ends the run and names the place. */
import {
  getRandomValues,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
  webcrypto
} from "node:crypto"
import * as timers from "node:timers"
import * as timersPromises from "node:timers/promises"
import { promisify } from "node:util"
import { Effect, Hash } from "effect"
import { describe, expect, it } from "vitest"
import { Kernel } from "../kernel/kernel.ts"

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
  "process.hrtime.bigint": () => process.hrtime.bigint(),
  "setTimeout of node:timers": () => timers.setTimeout(() => {}, 1),
  "setInterval of node:timers": () => timers.setInterval(() => {}, 1),
  "setImmediate of node:timers": () => timers.setImmediate(() => {}),
  "setTimeout of node:timers/promises": () => timersPromises.setTimeout(1),
  "setInterval of node:timers/promises": () => timersPromises.setInterval(1),
  "setImmediate of node:timers/promises": () => timersPromises.setImmediate(),
  "randomBytes of node:crypto": () => randomBytes(1),
  "randomFill of node:crypto": () => randomFill(new Uint8Array(1), () => {}),
  "randomFillSync of node:crypto": () => randomFillSync(new Uint8Array(1)),
  "randomInt of node:crypto": () => randomInt(2),
  "randomUUID of node:crypto": () => randomUUID()
}

/** Other ways to what is refused under one name. */
const otherWays: ReadonlyArray<readonly [how: string, what: string, leave: () => unknown]> = [
  ["getRandomValues of node:crypto", "crypto.getRandomValues", () => getRandomValues(new Uint8Array(1))],
  ["that of webcrypto", "crypto.getRandomValues", () => webcrypto.getRandomValues(new Uint8Array(1))],
  ["Intl's format", "Intl.DateTimeFormat without a date", () => new Intl.DateTimeFormat("en").format()],
  ["its parts", "Intl.DateTimeFormat without a date", () => new Intl.DateTimeFormat("en").formatToParts()],
  ["a format made before", "Intl.DateTimeFormat without a date", () => madeBefore()],
  ["a promisified timer", "setTimeout of node:timers/promises", () => promisify(timers.setTimeout)(1)],
  ["a scheduler's wait", "Promise", () => timersPromises.scheduler.wait(1)]
]

new Kernel({ seed: 1 }).run(Effect.void)
const madeBefore = new Intl.DateTimeFormat("en").format

const promises: Record<string, Effect.Effect<unknown, unknown>> = {
  "Effect.promise": Effect.promise(() => Promise.resolve(1)),
  "an async function": Effect.sync(() => (async () => 1)()),
  "new Promise": Effect.sync(() => new Promise(() => {}))
}

describe("inside a run", () => {
  const ways = [...Object.entries(escapes).map(([what, leave]) => [what, what, leave] as const), ...otherWays]
  for (const [how, what, leave] of ways) {
    it(`${how} is an error that names the place, though the program swallows it`, () => {
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
      const format = new Intl.DateTimeFormat("en", { year: "numeric", timeZone: "UTC" })
      return [
        new Date(0).toISOString(),
        new Date(5) instanceof Date,
        Date.UTC(1970, 0, 1),
        format.format(0),
        format.formatToParts(0)[0]!.value
      ]
    })
    const outcome = new Kernel({ seed: 1 }).run(program)
    expect(outcome._tag === "Completed" && outcome.exit._tag === "Success" && outcome.exit.value).toEqual([
      "1970-01-01T00:00:00.000Z",
      true,
      0,
      "1970",
      "1970"
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

  it("what modules import from Node does what it did", async () => {
    new Kernel({ seed: 1 }).run(Effect.void)
    expect(await timersPromises.setTimeout(1, "late")).toBe("late")
    expect(await promisify(timers.setTimeout)(1, "late")).toBe("late")
    expect(await new Promise((resolve) => timers.setImmediate(resolve, "soon"))).toBe("soon")
    for await (const value of timersPromises.setInterval(1, "again")) {
      expect(value).toBe("again")
      break
    }
    expect([randomBytes(3).length, randomInt(1), randomUUID().length]).toEqual([3, 0, 36])
    expect(getRandomValues(new Uint8Array(2))).toHaveLength(2)
    expect([randomInt.name, timers.setTimeout.length]).toEqual(["randomInt", setTimeout.length])
    const format = new Intl.DateTimeFormat("en", { dateStyle: "short" })
    expect(format.format()).toBe(format.format(Date.now()))
    expect(format.format).toBe(format.format)
  })

  it("a run inside a run is refused", () => {
    const outcome = new Kernel({ seed: 1 }).run(Effect.sync(() => new Kernel({ seed: 2 }).run(Effect.void)))
    expect(outcome._tag === "Completed" && String(outcome.exit)).toContain("already running")
    expect(new Kernel({ seed: 1 }).run(Effect.void)._tag).toBe("Completed")
  })
})
