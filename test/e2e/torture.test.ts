/** A short torture run: the plan of one seed against real processes, judged as the long ones are. */
import { rmSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type FaultKind, faultKinds } from "../torture/plan.ts"
import { torture } from "../torture/torture.ts"

/** So many faults, however long they take here; the time is only there to end. */
const faultsMax = Number(process.env["APLOMB_E2E_TORTURE_FAULTS"] ?? 7)
const forMs = 200_000
const seed = Number(process.env["APLOMB_E2E_SEED"] ?? 1)
const kinds = Object.keys(faultKinds) as ReadonlyArray<FaultKind>

describe("a cluster under torture", () => {
  it.live(
    "loses nothing, applies nothing twice, shows one linearizable store, and serves when it is over",
    () =>
      Effect.gen(function* () {
        const { result, directory } = yield* torture({
          ...{ seed, kinds, forMs, faultsMax, acceptors: 3, spares: 1 },
          ...{ clients: 2, say: () => {} }
        })
        assert.deepStrictEqual(result.findings, [], `everything is in ${directory}`)
        assert.isAtLeast(result.struck.filter(({ skipped }) => skipped === undefined).length, faultsMax)
        assert.isAbove(result.history.operations, 1000)
        rmSync(directory, { recursive: true, force: true })
      }),
    { timeout: 300_000 }
  )
})
