/**
 * A disk that runs full under load: the node says so and ends, and when there is room again nothing is lost.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { beginFill, lostOrTwice } from "../support/cluster-fill.ts"
import { eventually } from "../support/processes.ts"

const mount = (...args: ReadonlyArray<string>) => execFileSync("mount", args, { stdio: "pipe" })

/** Mounting needs root; where a container forbids it to root as well, the test cannot run. */
const mayMount = (() => {
  if (process.getuid?.() !== 0) return false
  const directory = mkdtempSync(join(tmpdir(), "aplomb-mount-"))
  try {
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", directory)
    execFileSync("umount", [directory])
    return true
  } catch {
    return false
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})()

/** A small file system of its own, in memory. */
const smallDisk = (sizeMegabytes: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = mkdtempSync(join(tmpdir(), "aplomb-disk-"))
      mount("-t", "tmpfs", "-o", `size=${sizeMegabytes}m`, "tmpfs", directory)
      return directory
    }),
    (directory) =>
      Effect.sync(() => {
        execFileSync("umount", ["--lazy", directory])
        rmSync(directory, { recursive: true, force: true })
      })
  )

const keyAt = (index: number) => `f${index % 500}`
const valueAt = (index: number) => `${index}-${"v".repeat(4000)}`

describe("a disk that runs full", () => {
  for (const id of ["n1", "n2"]) {
    it.live.skipIf(!mayMount)(
      `ends ${id === "n1" ? "the leader" : "a follower"} with a sentence; with room again it goes on`,
      () =>
        Effect.gen(function* () {
          const disk = yield* smallDisk(24)
          const cluster = yield* startCluster({
            config: { segmentBytes: 4 * 2 ** 20 },
            dataOf: (node, directory) => (node === id ? join(disk, node) : join(directory, node))
          })
          const client = yield* clientOf(cluster)
          yield* serving(cluster, client)
          const node = cluster.node(id)
          const others = cluster.nodes.filter((each) => each !== node)
          const filling = beginFill(client, { count: 1_000_000, keyAt, valueAt, concurrency: 128 })
          const { log } = cluster
          yield* eventually("the node on the full disk ends", () => !node.isUp(), { log })
          const exit = node.process().exit()!
          assert.notStrictEqual(exit.code, 0, node.log())
          assert.isNotNull(exit.code, `it ended by a signal: ${exit.signal}`)
          assert.match(node.log(), /the disk is full: .*free some space and start the node again/)
          assert.deepStrictEqual(
            others.map((each) => each.isUp()),
            [true, true],
            cluster.log()
          )
          const acknowledged = filling.acknowledged()
          assert.isAbove(acknowledged, 1000)
          // While there is no room it says so again, at once.
          const again = yield* node.launch()
          yield* eventually("the node ends again", () => again.exit() !== undefined, { log })
          mount("-o", "remount,size=200m", disk)
          yield* node.start()
          yield* eventually("writes go on", () => filling.acknowledged() > acknowledged + 1000, { log })
          filling.end()
          yield* filling.done
          assert.deepStrictEqual(filling.failures, [], cluster.log())
          assert.deepStrictEqual(yield* lostOrTwice(client, filling, "f", valueAt), [])
          yield* Effect.log(
            `full after ${acknowledged} writes: ${node.log().match(/the disk is full[^;]*/)?.[0]}`
          )
        }),
      { timeout: 180_000 }
    )
  }
})
