/** `aplomb bench failover` as its users run it: nodes are killed, and every write is there once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { aplomb } from "../support/cluster.ts"

interface Printed {
  readonly pause: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  readonly acknowledged: number
  readonly faults: ReadonlyArray<string>
  readonly rounds: ReadonlyArray<{ readonly node: string; readonly pauseMs: number }>
}

const bench = Effect.fnUntraced(function* (what: string) {
  const { code, stdout, log } = yield* aplomb(["bench", "failover", "--times", "2", "--what", what, "--json"])
  assert.strictEqual(code, 0, log)
  return JSON.parse(stdout) as Printed
})

describe("aplomb bench failover", () => {
  for (const what of ["primary", "backup"]) {
    it.live(
      `measures how long writes wait when the ${what} is killed, and that none is lost or applied twice`,
      () =>
        Effect.gen(function* () {
          const { pause, rounds, acknowledged, faults } = yield* bench(what)
          assert.strictEqual(rounds.length, 2)
          assert.deepStrictEqual(faults, [])
          assert.isAbove(acknowledged, 100)
          assert.isAbove(pause.p50Ms, 0)
          assert.isAtLeast(pause.maxMs, pause.p50Ms)
          yield* Effect.log(
            `${what}: ${rounds.map(({ node, pauseMs }) => `${node} ${pauseMs} ms`).join(", ")}`
          )
        }),
      { timeout: 120_000 }
    )
  }
})
