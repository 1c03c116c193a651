/** The ambient guard, by every way of import: what reaches for the outside world ends the run. */
import { execSync } from "node:child_process"
import crypto, * as cryptos from "node:crypto"
import { createECDH, generateKeyPairSync, generateKeySync, pbkdf2, scrypt, sign } from "node:crypto"
import { createSocket } from "node:dgram"
import { lookup } from "node:dns"
import fs, * as files from "node:fs"
import { mkdtempSync, readFile, readFileSync, realpath } from "node:fs"
import * as filePromises from "node:fs/promises"
import { request } from "node:http"
import { connect, createServer } from "node:net"
import os, * as system from "node:os"
import { uptime as systemUptime } from "node:os"
import hooks, * as perfHooks from "node:perf_hooks"
import { performance as measured } from "node:perf_hooks"
import ownProcess, * as processes from "node:process"
import { hrtime, memoryUsage, nextTick, uptime } from "node:process"
import timers, * as timerModule from "node:timers"
import { setImmediate as soon } from "node:timers"
import { scheduler, setImmediate as soonPromised } from "node:timers/promises"
import threads, * as threadModule from "node:worker_threads"
import { MessageChannel as Channel, Worker as Thread } from "node:worker_threads"
import { gzip } from "node:zlib"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Kernel } from "../kernel/kernel.ts"

type Ways = Record<string, () => unknown>

const nothing = () => {}
const shared = new Int32Array(new SharedArrayBuffer(4))
const prime = crypto.getDiffieHellman("modp5").getPrime()
const { privateKey } = generateKeyPairSync("ed25519")
const gone = "/nowhere/aplomb"

/** By what is refused, and there by the way to it. */
const escapes: Record<string, Ways> = {
  "process.nextTick": {
    global: () => process.nextTick(nothing),
    named: () => nextTick(nothing),
    namespace: () => processes.nextTick(nothing),
    default: () => ownProcess.nextTick(nothing)
  },
  "process.hrtime": {
    global: () => process.hrtime(),
    named: () => hrtime(),
    namespace: () => processes.hrtime(),
    default: () => ownProcess.hrtime()
  },
  "process.hrtime.bigint": {
    global: () => process.hrtime.bigint(),
    named: () => hrtime.bigint(),
    namespace: () => processes.hrtime.bigint(),
    default: () => ownProcess.hrtime.bigint()
  },
  "process.uptime": {
    global: () => process.uptime(),
    named: () => uptime(),
    namespace: () => processes.uptime(),
    default: () => ownProcess.uptime()
  },
  "process.memoryUsage": { global: () => process.memoryUsage(), named: () => memoryUsage() },
  "process.memoryUsage.rss": { global: () => process.memoryUsage.rss(), named: () => memoryUsage.rss() },
  "process.cpuUsage": { global: () => process.cpuUsage() },
  "process.resourceUsage": { namespace: () => processes.resourceUsage() },
  "uptime of node:os": {
    named: () => systemUptime(),
    namespace: () => system.uptime(),
    default: () => os.uptime()
  },
  "loadavg of node:os": { default: () => os.loadavg() },
  "performance.now": {
    global: () => performance.now(),
    named: () => measured.now(),
    namespace: () => perfHooks.performance.now(),
    default: () => hooks.performance.now()
  },
  "Performance.mark of node:perf_hooks": {
    global: () => performance.mark("a"),
    named: () => measured.mark("a")
  },
  setImmediate: { global: () => setImmediate(nothing) },
  "setImmediate of node:timers": {
    named: () => soon(nothing),
    namespace: () => timerModule.setImmediate(nothing),
    default: () => timers.setImmediate(nothing)
  },
  "setImmediate of node:timers/promises": {
    named: () => soonPromised(),
    "by another module": () => timers.promises.setImmediate()
  },
  queueMicrotask: {
    global: () => queueMicrotask(nothing),
    property: () => globalThis.queueMicrotask(nothing)
  },
  Promise: {
    "a scheduler": () => scheduler.yield(),
    "files by promises": () => filePromises.stat(import.meta.filename),
    "files by promises, by the other module": () => fs.promises.stat(import.meta.filename)
  },
  "AbortSignal.timeout": { global: () => AbortSignal.timeout(1) },
  "Atomics.wait": { global: () => Atomics.wait(shared, 0, 0, 1) },
  "Atomics.waitAsync": { global: () => Atomics.waitAsync(shared, 0, 0, 1) },
  "new MessageChannel": {
    global: () => new MessageChannel(),
    named: () => new Channel(),
    namespace: () => new threadModule.MessageChannel(),
    default: () => new threads.MessageChannel()
  },
  "new BroadcastChannel": {
    global: () => new BroadcastChannel("a"),
    default: () => new threads.BroadcastChannel("a")
  },
  "new Worker": { named: () => new Thread("0", { eval: true }) },
  "readFile of node:fs": {
    named: () => readFile(gone, nothing),
    namespace: () => files.readFile(gone, nothing),
    default: () => fs.readFile(gone, nothing)
  },
  "writeFile of node:fs": { default: () => fs.writeFile(gone, "", nothing) },
  "stat of node:fs": { default: () => fs.stat(gone, nothing) },
  "exists of node:fs": { default: () => fs.exists(gone, nothing) },
  "realpath.native of node:fs": { named: () => realpath.native(gone, nothing) },
  "createReadStream of node:fs": { default: () => fs.createReadStream(gone) },
  "watchFile of node:fs": { default: () => fs.watchFile(gone, nothing) },
  "mkdtempSync of node:fs": { named: () => mkdtempSync(gone) },
  "generateKeyPairSync of node:crypto": {
    named: () => generateKeyPairSync("ed25519"),
    namespace: () => cryptos.generateKeyPairSync("ed25519"),
    default: () => crypto.generateKeyPairSync("ed25519")
  },
  "generateKeyPair of node:crypto": { default: () => crypto.generateKeyPair("ed25519", undefined, nothing) },
  "generateKeySync of node:crypto": { named: () => generateKeySync("aes", { length: 128 }) },
  "generatePrimeSync of node:crypto": { default: () => crypto.generatePrimeSync(32) },
  "createDiffieHellman of node:crypto": { default: () => crypto.createDiffieHellman(512) },
  "DiffieHellman.generateKeys of node:crypto": {
    method: () => crypto.createDiffieHellman(prime).generateKeys()
  },
  "ECDH.generateKeys of node:crypto": { method: () => createECDH("secp256k1").generateKeys() },
  "pbkdf2 of node:crypto": { named: () => pbkdf2("a", "b", 1, 1, "sha256", nothing) },
  "scrypt of node:crypto": { named: () => scrypt("a", "b", 1, nothing) },
  "sign of node:crypto with a callback": { named: () => sign(null, Buffer.of(1), privateKey, nothing) },
  "gzip of node:zlib": { named: () => gzip("a", nothing) },
  "lookup of node:dns": { named: () => lookup("localhost", nothing) },
  "Socket.connect of node:net": {
    named: () => connect({ port: 1, host: "127.0.0.1" }).on("error", nothing),
    "by another module": () => request("http://127.0.0.1:1/").on("error", nothing).end()
  },
  "Server.listen of node:net": { method: () => createServer().listen(0) },
  "createSocket of node:dgram": { named: () => createSocket("udp4") },
  "execSync of node:child_process": { named: () => execSync("true") }
}

const outcomeOf = (program: Effect.Effect<unknown>) => new Kernel({ seed: 1 }).run(program)

describe("inside a run", () => {
  for (const [what, ways] of Object.entries(escapes)) {
    for (const [way, leave] of Object.entries(ways)) {
      it(`${what} (${way}) is an error that names the place, though the program swallows it`, () => {
        const outcome = outcomeOf(Effect.ignore(Effect.try({ try: leave, catch: () => "caught" })))
        expect(outcome._tag).toBe("Leaked")
        if (outcome._tag !== "Leaked") return
        expect(outcome.leak.what).toBe(what)
        expect(outcome.leak.place).toContain("guards/imports.test.ts")
      })
    }
  }

  it("what answers at once and draws nothing stays allowed", () => {
    const program = Effect.sync(() => {
      process.stdout.write("")
      return [
        readFileSync(import.meta.filename).length > 0,
        sign(null, Buffer.of(1), privateKey).length,
        crypto.createDiffieHellman(prime).getPrime().equals(prime),
        os.availableParallelism() > 0
      ]
    })
    const outcome = outcomeOf(program)
    expect(outcome._tag === "Completed" && outcome.exit._tag === "Success" && outcome.exit.value).toEqual([
      true,
      64,
      true,
      true
    ])
  })
})

describe("after a run", () => {
  it("all of it does what it did", async () => {
    outcomeOf(Effect.void)
    await new Promise<void>((resolve) => nextTick(resolve))
    expect(hrtime.bigint()).toBeGreaterThan(0n)
    expect([uptime() > 0, systemUptime() > 0, memoryUsage.rss() > 0, hrtime()[0] > 0]).not.toContain(false)
    const text = await new Promise((resolve) =>
      readFile(import.meta.filename, "utf8", (_error, data) => resolve(data))
    )
    expect(text).toBe(readFileSync(import.meta.filename, "utf8"))
    const { port1, port2 } = new MessageChannel()
    expect(new Channel()).toBeInstanceOf(MessageChannel)
    const received = new Promise((resolve) => port2.once("message", resolve))
    port1.postMessage("hello")
    expect(await received).toBe("hello")
    port1.close()
    expect(AbortSignal.timeout(60_000).aborted).toBe(false)
    expect(Atomics.wait(shared, 0, 0, 1)).toBe("timed-out")
    expect(generateKeyPairSync("ed25519").privateKey.type).toBe("private")
  })
})
