/** A log whose writes wait for whoever else is ready: many groups, one frame. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { MemoryDisk } from "./memory.ts"
import { openSmall } from "./wal-kit.ts"

describe("a log that gathers what there is to write", () => {
  it.effect("writes nothing before it is its turn, and then one frame that all wait for", () =>
    Effect.gen(function* () {
      const turns: Array<() => void> = []
      const wal = yield* openSmall(new MemoryDisk(), [], { soon: (run) => turns.push(run) })
      const before = wal.stats().frames
      const order: Array<number> = []
      const write = (index: number) => {
        wal.append(index, index, [new Uint8Array(10)])
        wal.sync(() => order.push(index))
      }
      for (const index of [1, 2, 3]) write(index)
      assert.deepStrictEqual([order, turns.length, wal.stats().frames - before], [[], 1, 0])
      turns.shift()!()
      assert.deepStrictEqual([order, turns.length, wal.stats().frames - before], [[1, 2, 3], 0, 1])
      // What comes later has a turn of its own.
      write(4)
      assert.deepStrictEqual([order.length, turns.length], [3, 1])
      turns.shift()!()
      assert.deepStrictEqual([order, wal.stats().frames - before], [[1, 2, 3, 4], 2])
    })
  )

  it.effect("answers at once where nothing is left to write", () =>
    Effect.gen(function* () {
      const turns: Array<() => void> = []
      const wal = yield* openSmall(new MemoryDisk(), [], { soon: (run) => turns.push(run) })
      let isTold = false
      wal.sync(() => {
        isTold = true
      })
      assert.deepStrictEqual([isTold, turns.length], [true, 0])
    })
  )
})
