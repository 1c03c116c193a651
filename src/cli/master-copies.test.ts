/** What the masters hold alike is what is shown of a group, and what a backup copies. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import { masterFileOf } from "../actors/master/register.ts"
import { masterText } from "../actors/master/state.ts"
import { nodeSeen } from "../client/discover.test-support.ts"
import type { NodeSeen } from "../client/discover.ts"
import { Ballot, NodeId, StorageId } from "../protocol/ids.ts"
import { emptyMaster, type MasterState } from "../protocol/master/master.ts"
import { filesLayer } from "../runtime/storage/files.ts"
import { agreedStates, masterStateShown, writeCopies } from "./master-copies.ts"

const three = ["n1", "n2", "n3"]
const n1 = { node: NodeId("n1"), storage: StorageId("s") }
const active = { ballot: Ballot(2), generation: 1, leader: n1, acceptors: [n1] }
const older: MasterState = { ...emptyMaster(), nextBallot: Ballot(3), active }
const newer: MasterState = { ...older, drained: [NodeId("n2")] }

const holding = (id: string, version: number, state: MasterState): NodeSeen => {
  const registers = [{ group: "main", version, state: masterText(state) }]
  return nodeSeen(id, { masters: three, master: { state: "seated", registers } })
}

describe("the state that the masters hold", () => {
  it("is the newest that a majority of all masters has, whoever is silent", () => {
    const agreed = (...seen: ReadonlyArray<NodeSeen>) => agreedStates(seen).get("main")
    const all = [holding("n1", 5, newer), holding("n2", 4, older), holding("n3", 5, newer)]
    assert.deepStrictEqual(agreed(...all), { version: 5, state: newer })
    assert.deepStrictEqual(agreed(...all.slice(1), holding("n1", 4, older)), { version: 4, state: older })
    assert.isUndefined(agreed(holding("n1", 5, newer), holding("n2", 4, older)))
    assert.isUndefined(agreed(holding("n1", 5, newer), holding("n2", 5, older)))
    assert.isUndefined(agreed(holding("n1", 5, newer)))
  })

  it("is shown with the master that is silent, and with the versions of the others", () => {
    const seen = [holding("n1", 5, newer), holding("n3", 5, newer)]
    assert.deepStrictEqual(masterStateShown("dev", seen), {
      cluster: "dev",
      majority: true,
      masters: [
        { id: "n1", state: "seated", versions: { main: 5 } },
        { id: "n2", state: "silent", versions: {} },
        { id: "n3", state: "seated", versions: { main: 5 } }
      ],
      groups: [
        {
          group: "main",
          version: 5,
          ballot: 2,
          generation: 1,
          leader: "n1",
          acceptors: ["n1"],
          drained: ["n2"]
        }
      ]
    })
  })

  it("is unknown where nobody tells, as of a group of older nodes", () => {
    const { master: _, ...old } = holding("n1", 1, older)
    const group = { group: "main", phase: "Deposed", promised: 1, last: 0, chosen: 0, applied: 0 }
    const shown = masterStateShown("dev", [{ ...old, groups: [group] }])
    assert.deepStrictEqual(
      shown.groups.map(({ group, version }) => [group, version]),
      [["main", null]]
    )
  })
})

describe("a copy of the masters' state", () => {
  const directory = (): string => {
    const path = mkdtempSync(join(tmpdir(), "aplomb-copies-"))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    return path
  }
  const write = (path: string) =>
    writeCopies(path, [["main", { version: 5, state: newer }]]).pipe(Effect.provide(filesLayer()))

  it.effect("is a file for each group, and nothing else, in a directory made for it", () =>
    Effect.gen(function* () {
      const path = join(directory(), "of", "today")
      const file = join(path, "main.json")
      assert.deepStrictEqual(yield* write(path), [{ group: "main", version: 5, file }])
      assert.deepStrictEqual(readdirSync(path), ["main.json"])
      assert.isTrue(Buffer.from(masterFileOf({ version: 5, state: newer })).equals(readFileSync(file)))
    })
  )

  it.effect("that cannot be written leaves nothing behind", () =>
    Effect.gen(function* () {
      const path = directory()
      mkdirSync(join(path, "main.json"))
      const { message, exitCode } = yield* Effect.flip(write(path))
      assert.match(message, /^the copy cannot be written: (EISDIR|EEXIST|ENOTEMPTY)/)
      assert.strictEqual(exitCode, 1)
      assert.deepStrictEqual(readdirSync(path), ["main.json"])
    })
  )
})
