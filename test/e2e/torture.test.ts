/** A short torture run: the plan of one seed against real processes, judged as the long ones are. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually, ownedProcess } from "../support/processes.ts"
import { type FaultKind, faultKinds } from "../torture/plan.ts"
import { torture } from "../torture/torture.ts"

/** So many faults, however long they take here; the time is only there to end. */
const faultsMax = Number(process.env["APLOMB_E2E_TORTURE_FAULTS"] ?? 4)
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
        // How much was done says how fast the machine is; that every client did something of each kind is
        // enough.
        assert.strictEqual(result.reports.length, 2)
        for (const { counts, finalReadsAnswered, chainLinks, ledgerWrites } of result.reports) {
          for (const done of [counts.ok - finalReadsAnswered, chainLinks, ledgerWrites])
            assert.isAbove(done, 0, "a client was not loaded at all")
        }
        rmSync(directory, { recursive: true, force: true })
      }),
    { timeout: 480_000 }
  )

  it.live(
    "stops all that it started, and unmounts its small disk, when it is interrupted",
    () =>
      Effect.gen(function* () {
        const before = smallDisks()
        const directory = mkdtempSync(join(tmpdir(), "aplomb-interrupted-"))
        const run = yield* ownedProcess({
          command: process.execPath,
          args: [fileURLToPath(new URL("../torture/main.ts", import.meta.url)), "--seed", "1"],
          env: { TMPDIR: directory }
        })
        yield* eventually("a fault", () => / s: .* n\d/.test(run.log()), { log: run.log })
        const children = childrenOf(run.pid)
        assert.isAtLeast(children.length, 5)
        run.signal("SIGTERM")
        yield* run.ended
        assert.strictEqual(run.exit()?.code, 130, run.log())
        assert.deepStrictEqual(children.filter(isAlive), [])
        assert.deepStrictEqual(smallDisks(), before)
        rmSync(directory, { recursive: true, force: true })
      }),
    { timeout: 180_000 }
  )
})

/** Where small disks of torture runs are mounted. */
const smallDisks = (): ReadonlyArray<string> =>
  readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes("aplomb-small"))

const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number)

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)
