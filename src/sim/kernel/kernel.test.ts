/**
 * The kernel: equal seeds are equal runs, also across processes, and each way a run cannot go on has a name.
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { busyRun } from "./kernel.test-support.ts"
import { Kernel } from "./kernel.ts"
import { parseRecipe } from "./random.ts"

const spin: Effect.Effect<never> = Effect.forever(Effect.yieldNow)

describe("a run", () => {
  it("has the same digest in another process", () => {
    const support = new URL("./kernel.test-support.ts", import.meta.url).href
    const script = `
      import { busyRun } from ${JSON.stringify(support)}
      const modes = ["inline", "hop", "preempt"]
      console.log(modes.map((mode) => busyRun({ seed: 5, scheduler: { mode } }).digest).join())`
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      cwd: fileURLToPath(new URL(".", import.meta.url))
    })
    const here = (["inline", "hop", "preempt"] as const).map(
      (mode) => busyRun({ seed: 5, scheduler: { mode } }).digest
    )
    expect(child.stdout.trim(), child.stderr).toBe(here.join())
  })

  it("follows a recipe up to its point exactly and then goes another way", () => {
    const base = busyRun({ seed: 5, recordDraws: true }).kernel.random
    const count = Math.floor(base.count / 2)
    const other = busyRun({ seed: parseRecipe(`5 -> ${count}@77`)!, recordDraws: true })
    expect(other.outcome._tag).toBe("Completed")
    expect(base.log!.firstDifference(other.kernel.random.log!)).toBe(count)
    expect(busyRun({ seed: parseRecipe(`5 -> ${count}@77`)! }).digest).toBe(other.digest)
  })

  it("names the first draw that differs when something is not deterministic", () => {
    let outside = 0
    const run = () => {
      const kernel = new Kernel({ seed: 1, recordDraws: true })
      kernel.run(
        Effect.gen(function* () {
          for (let round = 0; round < 20; round++) {
            kernel.random.bits()
            if (round === 12 && ++outside === 2) yield* Effect.sleep(1)
          }
        })
      )
      return kernel.random.log!
    }
    expect(run().firstDifference(run())).toBe(13)
  })

  it("draws nothing where nothing is left to chance", () => {
    const kernel = new Kernel({ seed: 1 })
    kernel.run(Effect.sleep(1).pipe(Effect.repeat({ times: 10 })))
    expect(kernel.random.count).toBe(0)
  })
})

describe("a run that cannot go on", () => {
  it("is a deadlock when nothing is ready and no timer is set", () => {
    expect(new Kernel({ seed: 1 }).run(Effect.never)).toMatchObject({ _tag: "Deadlock", frozen: [] })
  })

  it("names the frozen nodes that hold it up", () => {
    const kernel = new Kernel({ seed: 1 })
    const node = kernel.addNode("sleeper")
    node.boot().start(Effect.void)
    node.freeze()
    expect(kernel.run(Effect.never)).toMatchObject({ _tag: "Deadlock", frozen: ["sleeper"] })
  })

  it("is a livelock when time stands still, and names who spins", () => {
    const kernel = new Kernel({ seed: 1, budgets: { stepsPerInstant: 5000 } })
    kernel.addNode("spinner").boot().start(spin)
    expect(kernel.run(Effect.never)).toMatchObject({ _tag: "Livelock", busiest: "spinner" })
  })

  it("does not hang on a fiber that never suspends", () => {
    const kernel = new Kernel({ seed: 1, budgets: { stepsPerInstant: 100 } })
    expect(kernel.run(Effect.forever(Effect.void))).toMatchObject({ _tag: "Livelock" })
  })

  it("ends at its budget of steps, of virtual time or of real time", () => {
    expect(new Kernel({ seed: 1, budgets: { steps: 50 } }).run(spin)).toMatchObject({
      _tag: "OutOfSteps",
      steps: 50
    })
    const ticking = Effect.forever(Effect.sleep("1 second"))
    expect(new Kernel({ seed: 1, budgets: { virtualMs: 5000 } }).run(ticking)._tag).toBe("OutOfVirtualTime")
    expect(new Kernel({ seed: 1, budgets: { realMs: 0, virtualMs: 1e12 } }).run(ticking)._tag).toBe(
      "OutOfRealTime"
    )
  })

  it("ends where it is told to halt, and where a law throws after a step", () => {
    const kernel = new Kernel({ seed: 1 })
    const program = Effect.sync(() => kernel.halt("enough")).pipe(Effect.andThen(Effect.never))
    expect(kernel.run(program)).toMatchObject({ _tag: "Halted", reason: "enough" })
    let steps = 0
    const lawful = new Kernel({
      seed: 1,
      afterStep: () => {
        if (++steps === 3) throw new Error("law broken")
      }
    })
    const outcome = lawful.run(Effect.forever(Effect.sleep(1)))
    expect(outcome._tag === "Threw" && String(outcome.error)).toContain("law broken")
    expect(lawful.ready.steps).toBe(3)
  })
})
