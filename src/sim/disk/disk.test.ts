/**
 * The simulated disk: content outlives processes, names are kept, locks die with their holder, and it takes
 * its time.
 */
import { Effect, Exit, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { filled, onDisk, write } from "./disk.test-support.ts"
import { briskDisk } from "./slowness.ts"

describe("a sound disk", () => {
  it("reads back what was written, across pages, and is shorter at the end of the file", () => {
    const { value, kernel } = onDisk({}, ({ file }) =>
      Effect.gen(function* () {
        yield* write(file, 4000, filled(5000, 7))
        expect([...file.readSync(3999, 3)]).toEqual([0, 7, 7])
        expect([...file.readSync(8999, 2)]).toEqual([7, 0])
        return [file.sizeBytes, file.readSync(64 * 512 - 5, 100).length]
      })
    )
    expect(value).toEqual([64 * 512, 5])
    expect(kernel.random.count).toBe(0)
    expect([...kernel.trace.strikes]).toEqual([])
  })

  it("keeps the bytes that it was given, though the caller uses its buffer again", () => {
    const { value } = onDisk({}, ({ file }) =>
      Effect.gen(function* () {
        const buffer = filled(10, 1)
        yield* write(file, 0, buffer)
        buffer.fill(2)
        return file.readSync(0, 1)[0]
      })
    )
    expect(value).toBe(1)
  })

  it("takes its latency and its bandwidth in virtual time, and calls back after that", () => {
    const slowness = {
      ...briskDisk,
      latency: { kind: "fixed", micros: 3000 },
      bytesPerSecond: 1_000_000
    } as const
    const { value } = onDisk({ slowness }, ({ file, kernel: { time } }) =>
      Effect.gen(function* () {
        const start = time.nowMicros
        yield* write(file, 0, filled(2000, 1))
        return time.nowMicros - start
      })
    )
    expect(value).toBe(3000 + 2000)
  })

  it("holds small files by name, lists them sorted, replaces them whole and removes them", () => {
    const { value } = onDisk({}, ({ files }) =>
      Effect.gen(function* () {
        yield* files.writeFileAtomic("/data/b", filled(3, 1))
        yield* files.writeFileAtomic("/data/a", filled(3, 1))
        yield* files.writeFileAtomic("/data/a", filled(1, 2))
        const listed = yield* files.list("/data/")
        yield* files.remove("/data/b")
        return [
          listed,
          yield* files.list("/data"),
          yield* files.readFile("/data/a"),
          yield* files.readFile("/data/b"),
          yield* files.list("/absent")
        ]
      })
    )
    expect(value).toEqual([["a", "b", "log"], ["a", "log"], filled(1, 2), undefined, []])
  })

  it("refuses absent files and directories, writes past the end, two at once, a closed file", () => {
    const { value } = onDisk({}, ({ files, file }) =>
      Effect.gen(function* () {
        const absent = [
          yield* Effect.flip(Effect.scoped(files.open("/data/none"))),
          yield* Effect.flip(files.preallocate("/none/log", 1)),
          yield* Effect.flip(files.writeFileAtomic("/none/x", filled(1, 1))),
          yield* Effect.flip(write(file, 64 * 512 - 1, filled(2, 1)))
        ]
        const first = write(file, 0, filled(1, 1))
        const both = yield* Effect.all([Effect.exit(first), Effect.exit(write(file, 0, filled(1, 1)))], {
          concurrency: 2
        })
        const scope = yield* Scope.make()
        const other = yield* Scope.provide(files.open("/data/log"), scope)
        yield* Scope.close(scope, Exit.void)
        const closed = yield* Effect.flip(write(other, 0, filled(1, 1)))
        return [absent.map((failure) => failure.reason), both.filter(Exit.isSuccess).length, closed.reason]
      })
    )
    expect(value).toEqual([
      ["no such file", "no such directory", "no such directory", "past the end of the file"],
      1,
      "the file was closed"
    ])
  })
})

describe("a disk and the lives of its node", () => {
  it("keeps what a killed process had handed over, and never calls the dead back", () => {
    const { value } = onDisk({}, ({ disk, node, file }) =>
      Effect.gen(function* () {
        let called = false
        file.write(0, filled(512, 7), () => {
          called = true
        })
        node.kill()
        file.write(512, filled(512, 8), () => {
          called = true
        })
        const files = disk.mount(node.boot())
        yield* Effect.sleep(1000)
        const again = yield* files.open("/data/log")
        return [again.readSync(0, 1)[0], again.readSync(512, 1)[0], called]
      })
    )
    expect(value).toEqual([7, 0, false])
  })

  it("parks the completion for a frozen process, while the write is durable all the same", () => {
    const { value } = onDisk({}, ({ disk, node, file }) =>
      Effect.gen(function* () {
        let called = 0
        file.write(0, filled(512, 7), () => called++)
        node.freeze()
        yield* Effect.sleep(1000)
        const whileFrozen = called
        node.kill()
        disk.crash("power")
        const again = yield* disk.mount(node.boot()).open("/data/log")
        return [whileFrozen, called, again.readSync(0, 1)[0]]
      })
    )
    expect(value).toEqual([0, 0, 7])
  })

  it("locks a directory for one life, until its scope closes or the process dies", () => {
    const { value } = onDisk({}, ({ disk, node, files }) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        yield* Scope.provide(files.lock("/data"), scope)
        const refused = yield* Effect.flip(Effect.scoped(files.lock("/data/")))
        yield* Scope.close(scope, Exit.void)
        yield* files.lock("/data")
        node.kill()
        const after = disk.mount(node.boot())
        yield* after.lock("/data")
        return refused.message
      })
    )
    expect(value).toContain("in use by life 1 of a")
  })

  it("replaces small files whole: after a crash the old or the new is there, and both happen", () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 40; seed++) {
      const { value } = onDisk(
        {},
        ({ disk, node, files }) =>
          Effect.gen(function* () {
            yield* files.writeFileAtomic("/data/id", filled(2000, 1))
            yield* Effect.forkChild(files.writeFileAtomic("/data/id", filled(3000, 2)), {
              startImmediately: true
            })
            node.kill()
            disk.crash("power")
            return yield* disk.mount(node.boot()).readFile("/data/id")
          }),
        { seed }
      )
      seen.add(`${value?.length} ${new Set(value).size} ${value?.[0]}`)
    }
    expect([...seen].sort()).toEqual(["2000 1 1", "3000 1 2"])
  })
})
