/**
 * The lock of a directory, with the steps of several processes put between each other in every way that
 * chance finds.
 */
import { assert, describe, it } from "@effect/vitest"
import { drawing } from "../drawn.test-support.ts"
import { type LockFiles, type LockOwner, lockName, releaseLock, takeLock } from "./lock.ts"

/** A directory shared by processes that may die between any two steps. */
const makeDirectory = () => {
  const contents = new Map<string, string>()
  const alive = new Set<string>()
  const files: LockFiles = {
    read: (name) => contents.get(name),
    create: (name, content) => {
      if (contents.has(name)) return false
      contents.set(name, content)
      return true
    },
    replace: (name, content) => void contents.set(name, content),
    remove: (name) => void contents.delete(name),
    isAlive: (owner) => alive.has(owner.instance)
  }
  return { contents, alive, files }
}

const ownerOf = (index: number): LockOwner => ({
  pid: index,
  startTime: "1",
  boot: "b",
  instance: `i-${index}`
})

/** Runs without anybody between: the holder, or undefined once taken. */
const takeAtOnce = (files: LockFiles, me: LockOwner): LockOwner | undefined => {
  const steps = takeLock(files, me)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

interface Contender {
  readonly me: LockOwner
  readonly steps: ReturnType<typeof takeLock>
  holding: boolean
}

/**
 * Four contenders at a time, 60 in all, that try, hold, release and die; returns how often the lock was held.
 */
const contend = (seed: number): number => {
  const draw = drawing(seed + 1)
  const { alive, files, contents } = makeDirectory()
  if (draw(3) === 0) contents.set(lockName, draw(2) === 0 ? "" : JSON.stringify(ownerOf(0)))
  let active: Array<Contender> = []
  let heldCount = 0
  for (let started = 0; started < 60 || active.length > 0; ) {
    if (active.length < 4 && started < 60) {
      const me = ownerOf(++started)
      alive.add(me.instance)
      active.push({ me, steps: takeLock(files, me), holding: false })
    }
    const contender = active[draw(active.length)]!
    const leave = () => {
      alive.delete(contender.me.instance)
      active = active.filter((other) => other !== contender)
    }
    if (draw(12) === 0) {
      leave()
    } else if (contender.holding) {
      if (draw(3) > 0) continue
      releaseLock(files, contender.me)
      leave()
    } else {
      const step = contender.steps.next()
      if (step.done !== true) continue
      if (step.value !== undefined) {
        leave()
        continue
      }
      contender.holding = true
      heldCount += 1
      const holders = active.filter((other) => other.holding).map((other) => other.me.instance)
      assert.deepStrictEqual(holders, [contender.me.instance], `seed ${seed}: two hold the lock`)
    }
  }
  assert.isUndefined(takeAtOnce(files, ownerOf(999)), `seed ${seed}: the dead hold the lock`)
  return heldCount
}

describe("the lock of a directory", () => {
  it("has one living holder at most, and the dead do not hold it, in 1000 races", () => {
    let heldCount = 0
    for (let seed = 0; seed < 1000; seed++) heldCount += contend(seed)
    assert.isAbove(heldCount, 7_000)
  })

  it("names the living holder, and is free after a release", () => {
    const { alive, files } = makeDirectory()
    alive.add("i-1")
    assert.isUndefined(takeAtOnce(files, ownerOf(1)))
    assert.strictEqual(takeAtOnce(files, ownerOf(2))?.pid, 1)
    releaseLock(files, ownerOf(2))
    assert.strictEqual(takeAtOnce(files, ownerOf(2))?.pid, 1)
    releaseLock(files, ownerOf(1))
    assert.isUndefined(takeAtOnce(files, ownerOf(2)))
  })

  it("is taken over along a chain of claims whose owners died, some of them unreadable", () => {
    const { contents, files } = makeDirectory()
    contents.set(lockName, "")
    contents.set("lock.after-unreadable", "{")
    contents.set("lock.after-unreadable-then-unreadable", JSON.stringify(ownerOf(5)))
    assert.isUndefined(takeAtOnce(files, ownerOf(6)))
    assert.deepStrictEqual([...contents.keys()], [lockName])
  })
})
