/**
 * What every adapter of files must do, held against the memory and the real disk; and what only the real one
 * can.
 */
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, type Layer, Scope } from "effect"
import { filesLayer } from "./files.ts"
import { statusIn } from "./files-lock.ts"
import { answers, listen, namespaceHere } from "./files-lock-socket.ts"
import { MemoryDisk } from "./memory.ts"
import { type DiskFailed, type FileHandle, Files } from "./port.ts"
import { openWal } from "./wal.ts"

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(`${tmpdir()}/aplomb-files-`)),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

const writeOf = (file: FileHandle, offset: number, bytes: Uint8Array) =>
  Effect.callback<void, DiskFailed>((resume) => {
    file.write(offset, bytes, (failure) => resume(failure ? Effect.fail(failure) : Effect.void))
  })

const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)
const bytesOf = (text: string) => new TextEncoder().encode(text)

const adapters: ReadonlyArray<readonly [string, () => Layer.Layer<Files>]> = [
  ["memory", () => new MemoryDisk().layer()],
  ["the real disk, synchronous writes", () => filesLayer()],
  ["the real disk, asynchronous writes", () => filesLayer({ writes: "async" })]
]

for (const [name, layer] of adapters) {
  const claim = (
    title: string,
    body: (directory: string) => Effect.Effect<void, unknown, Files | Scope.Scope>
  ) =>
    it.effect(title, () =>
      Effect.gen(function* () {
        const directory = `${yield* temporaryDirectory}/a/b`
        yield* Files.use((files) => files.makeDirectory(directory))
        yield* body(directory)
      }).pipe(Effect.provide(layer()))
    )

  describe(`files in ${name}`, () => {
    claim(
      "an absent directory has no names, an absent file no content, and removing one is no error",
      (directory) =>
        Effect.gen(function* () {
          const files = yield* Files
          assert.deepStrictEqual(yield* files.list(`${directory}/none`), [])
          assert.isUndefined(yield* files.readFile(`${directory}/none`))
          yield* files.remove(`${directory}/none`)
          const failure = yield* Effect.flip(files.open(`${directory}/none`))
          assert.isFalse(failure.full)
          yield* files.makeDirectory(directory)
        })
    )

    claim("a small file is replaced as a whole, listed in order, and removed", (directory) =>
      Effect.gen(function* () {
        const files = yield* Files
        yield* files.writeFileAtomic(`${directory}/two`, bytesOf("a long content"))
        yield* files.writeFileAtomic(`${directory}/two`, bytesOf("short"))
        yield* files.writeFileAtomic(`${directory}/one`, bytesOf(""))
        assert.strictEqual(textOf(yield* files.readFile(`${directory}/two`)), "short")
        assert.strictEqual(textOf(yield* files.readFile(`${directory}/one`)), "")
        assert.deepStrictEqual(yield* files.list(directory), ["one", "two"])
        yield* files.remove(`${directory}/one`)
        assert.deepStrictEqual(yield* files.list(directory), ["two"])
      })
    )

    claim("a file in parts is there when all of it is, and not at all when its making fails", (directory) =>
      Effect.gen(function* () {
        const files = yield* Files
        const path = `${directory}/parts`
        yield* files.writeInParts(path, (append) =>
          Effect.gen(function* () {
            yield* append(bytesOf("one, "))
            assert.isFalse((yield* files.list(directory)).includes("parts"))
            yield* append(bytesOf("two"))
          })
        )
        assert.strictEqual(textOf(yield* files.readFile(path)), "one, two")
        const failed = files.writeInParts(path, (append) =>
          Effect.andThen(append(bytesOf("three")), Effect.fail("no more"))
        )
        assert.strictEqual(yield* Effect.flip(failed), "no more")
        assert.strictEqual(textOf(yield* files.readFile(path)), "one, two")
        assert.deepStrictEqual(yield* files.list(directory), ["parts"])
      })
    )

    claim("a preallocated file is all zeros, keeps its size, and keeps what is written", (directory) =>
      Effect.gen(function* () {
        const files = yield* Files
        const path = `${directory}/segment`
        const sizeBytes = (1 << 20) + 4097
        yield* files.preallocate(path, sizeBytes)
        const file = yield* files.open(path)
        assert.strictEqual(file.sizeBytes, sizeBytes)
        assert.isTrue(file.readSync(0, sizeBytes).every((byte) => byte === 0))
        yield* writeOf(file, 1 << 20, bytesOf("hello"))
        yield* writeOf(file, 0, new Uint8Array(700_000).fill(7))
        const again = yield* files.open(path)
        assert.strictEqual(textOf(again.readSync(1 << 20, 5)), "hello")
        assert.isTrue(again.readSync(0, 700_000).every((byte) => byte === 7))
        assert.strictEqual(again.readSync(sizeBytes - 3, 10).length, 3)
        assert.strictEqual(again.readSync(sizeBytes, 10).length, 0)
        assert.deepStrictEqual(yield* files.list(directory), ["segment"])
      })
    )

    claim("a directory is locked by one owner until its scope closes", (directory) =>
      Effect.gen(function* () {
        const files = yield* Files
        const scope = yield* Scope.make()
        yield* files.lock(directory).pipe(Scope.provide(scope))
        assert.strictEqual((yield* Effect.flip(Effect.scoped(files.lock(directory))))._tag, "DirectoryInUse")
        yield* Scope.close(scope, Exit.void)
        yield* Effect.scoped(files.lock(directory))
        yield* files.lock(directory)
      })
    )

    claim("a log written to them is read back", (directory) =>
      Effect.gen(function* () {
        const options = { directory, clusterId: "c", segmentBytes: 1 << 18, frameMaxBytes: 1 << 14 }
        yield* Effect.gen(function* () {
          const wal = yield* openWal(options, () => assert.fail("the directory is new"))
          for (let index = 0; index < 500; index++) wal.append(3, index, [new Uint8Array(2000).fill(index)])
          yield* Effect.callback<void>((resume) =>
            wal.sync((failure) => resume(failure ? Effect.die(failure) : Effect.void))
          )
          assert.isAtLeast(wal.stats().segments, 4)
        }).pipe(Effect.scoped)
        const groups: Array<number> = []
        yield* openWal(options, (record) => groups.push(record.group))
        assert.deepStrictEqual(
          groups,
          Array.from({ length: 500 }, (_, index) => index)
        )
      })
    )
  })
}

const exitOf = (child: ReturnType<typeof spawn>) =>
  Effect.callback<void>((resume) => void child.once("exit", () => resume(Effect.void)))

describe("directories on the real disk", () => {
  const made = (path: string) =>
    Files.use((files) => files.makeDirectory(path)).pipe(Effect.provide(filesLayer()))

  it.effect("are made with those above them, or refused where they cannot be", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* made(`${directory}/a/b/c`)
      yield* made(`${directory}/a/b/c`)
      assert.isTrue(fs.statSync(`${directory}/a/b/c`).isDirectory())
      fs.writeFileSync(`${directory}/file`, "")
      fs.symlinkSync(`${directory}/nowhere`, `${directory}/dangling`)
      for (const path of ["file", "file/a/b", "dangling", "dangling/a"]) {
        const failure = yield* Effect.flip(made(`${directory}/${path}`))
        assert.match(failure.message, /^make directory of .+ failed: E(EXIST|NOTDIR)/)
      }
    })
  )

  it.effect.skipIf(!fs.existsSync("/proc/self"))(
    "are refused, and not tried for ever, where none can be made",
    () =>
      Effect.gen(function* () {
        for (const path of ["/proc/aplomb", "/proc/aplomb/n1/wal"]) {
          assert.match(
            (yield* Effect.flip(made(path))).message,
            /^make directory of \/proc\/.+ failed: ENOENT/
          )
        }
      })
  )
})

describe("the lock on the real disk", () => {
  it.effect("a directory in its place is refused by a sentence that says what to do", () =>
    Effect.gen(function* () {
      const files = yield* Files
      const directory = yield* temporaryDirectory
      fs.mkdirSync(`${directory}/lock`)
      const { message } = yield* Effect.flip(Effect.scoped(files.lock(directory)))
      const why = "it is a directory, which no node makes: remove it, or move it away"
      assert.strictEqual(message, `lock of ${directory}/lock failed: ${why}`)
    }).pipe(Effect.provide(filesLayer()))
  )

  it.effect("is held by an owner elsewhere as long as that one answers, whatever its number means here", () =>
    Effect.gen(function* () {
      const files = yield* Files
      const directory = yield* temporaryDirectory
      const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      const elsewhere = { pid: 1, startTime: "1", boot, instance: "far", namespace: "pid:[1]", listens: true }
      const lock = `${directory}/lock`
      const refusal = Effect.map(Effect.flip(Effect.scoped(files.lock(directory))), String)
      fs.writeFileSync(lock, JSON.stringify({ ...elsewhere, listens: false }))
      assert.include(yield* refusal, `if no such process runs any more, remove the file ${lock}`)
      fs.writeFileSync(lock, JSON.stringify(elsewhere))
      yield* Effect.scoped(
        Effect.gen(function* () {
          assert.isTrue(yield* listen(directory, "far"))
          assert.include(yield* refusal, "in use by process 1 of another container")
        })
      )
      // Killed, it leaves what it listened at, and nobody answers there.
      const left = spawnSync(process.execPath, [
        "-e",
        `require("net").createServer().listen("${directory}/lock.at-far", () => process.kill(process.pid, 9))`
      ])
      assert.strictEqual(left.signal, "SIGKILL")
      assert.deepStrictEqual(fs.readdirSync(directory).sort(), ["lock", "lock.at-far"])
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* files.lock(directory)
          assert.strictEqual(fs.readdirSync(directory).length, 2)
          const { instance, namespace, listens } = JSON.parse(fs.readFileSync(lock, "utf8"))
          assert.deepStrictEqual([namespace, listens], [namespaceHere(), true])
          assert.isTrue(yield* answers(directory, instance))
        })
      )
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    }).pipe(Effect.provide(filesLayer()))
  )

  it("a process is over once none of its threads runs", () => {
    const read = (state: string, threads: number) =>
      statusIn(`12 (a (b) Z 1) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 ${threads} 0 777 0`)
    const over = (state: string, threads: number) => read(state, threads).isOver
    assert.deepStrictEqual([over("S", 9), over("D", 1), over("Z", 2)], [false, false, false])
    assert.deepStrictEqual([over("Z", 1), over("X", 1)], [true, true])
    assert.strictEqual(read("Z", 2).startTime, "777")
  })

  it.effect("a process that was killed with SIGKILL does not hold the lock, a living one does", () =>
    Effect.gen(function* () {
      const files = yield* Files
      const directory = yield* temporaryDirectory
      const child = spawn("sleep", ["30"])
      const startTime = fs
        .readFileSync(`/proc/${child.pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ")[19]
      const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      const lockOf = (changes: object) =>
        JSON.stringify({ pid: child.pid, startTime, boot, instance: "other", ...changes })
      fs.writeFileSync(`${directory}/lock`, lockOf({}))
      const failure = yield* Effect.flip(Effect.scoped(files.lock(directory)))
      assert.match(failure.message, new RegExp(`in use by process ${child.pid}`))

      for (const change of [{ startTime: "1" }, { boot: "an earlier one" }]) {
        fs.writeFileSync(`${directory}/lock`, lockOf(change))
        yield* Effect.scoped(files.lock(directory))
      }
      fs.writeFileSync(`${directory}/lock`, lockOf({}))
      child.kill("SIGKILL")
      yield* exitOf(child)
      yield* Effect.scoped(files.lock(directory))
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    }).pipe(Effect.provide(filesLayer()))
  )
})
