/** Families of faults that fail by themselves are findings: a run without faults proves nothing. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { simulate } from "../simulation.ts"
import { candidacies, pauses } from "./process.ts"
import type { FaultFamily } from "./swarm.ts"

const family = (begin: FaultFamily["begin"]): FaultFamily => ({ name: "mine", share: 1, begin })

const own = simulate("own").setup((world) => {
  world.addProcess({ name: "a", program: () => Effect.never })
})

const always = { ...pauses, share: 1 }
const broke = { kind: "kernel", name: "a family of faults broke" }

describe("a family of faults", () => {
  it("that dies while others strike is a finding with what it died of", () => {
    const dying = family(() => Effect.andThen(Effect.sleep(100), Effect.die(new Error("out of luck"))))
    const { failure } = own.faults(always, dying).run({ seed: 3 })
    expect(failure).toMatchObject(broke)
    expect(failure!.message).toContain("out of luck")
  })

  it("that cannot begin is a finding with the reason", () => {
    const lame = family(() => {
      throw new Error("out of order")
    })
    const { failure } = own.faults(always, lame).run({ seed: 3 })
    expect(failure).toMatchObject(broke)
    expect(failure!.message).toContain("out of order")
  })

  it("that needs a cluster says so where there is none", () => {
    const { failure } = own.faults({ ...candidacies, share: 1 }).run({ seed: 1 })
    expect(failure).toMatchObject(broke)
    expect(failure!.message).toContain('the faults "candidacies" strike a cluster: say .cluster(...)')
  })

  it("may end by itself, or be interrupted when the faults end", () => {
    const brief = family(() => Effect.void as Effect.Effect<never>)
    const { failure, strikes } = own.faults(always, brief).run({ seed: 3 })
    expect(failure).toBeUndefined()
    expect(strikes["freeze"]).toBeGreaterThan(0)
  })
})
