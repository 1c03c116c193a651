/**
 * The cluster of a torture run: each node behind a way of its own to the bus, one on a small disk, all with a
 * clock that can be set.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { BusShape } from "../../src/runtime/bus/port.ts"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { busTo } from "../support/cluster-client.ts"
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts"
import type { FaultKind } from "./plan.ts"

export interface World {
  readonly cluster: Cluster
  /** Past all proxies. */
  readonly bus: BusShape
  /** The nodes that keep the master: of their disks, too, only one may be lost at a time. */
  readonly masters: ReadonlyArray<string>
  readonly proxies: ReadonlyMap<string, TcpProxy>
  /** The way of all client processes to the bus. */
  readonly clients: TcpProxy
  /** The node on the small disk, and where that is; undefined where none can be mounted. */
  readonly small: { readonly node: string; readonly path: string } | undefined
  /** By node: the file that says how far its wall clock is off; empty where libfaketime is missing. */
  readonly clocks: ReadonlyMap<string, string>
  /** Faults that cannot be had on this machine, and why. */
  readonly impossible: ReadonlyMap<FaultKind, string>
}

const libraries = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/faketime/libfaketimeMT.so.1"
]

const smallMegabytes = 1024
const segmentBytes = 2 ** 20

const mount = (...args: ReadonlyArray<string>) => execFileSync("mount", args, { stdio: "pipe" })

/** A file system of its own in memory; undefined where mounting is not permitted. */
const smallDisk = Effect.acquireRelease(
  Effect.sync(() => {
    const path = mkdtempSync(join(tmpdir(), "aplomb-small-"))
    try {
      mount("-t", "tmpfs", "-o", `size=${smallMegabytes}m`, "tmpfs", path)
      return path
    } catch {
      rmSync(path, { recursive: true, force: true })
      return undefined
    }
  }),
  (path) =>
    Effect.sync(() => {
      if (path === undefined) return
      execFileSync("umount", ["--lazy", path])
      rmSync(path, { recursive: true, force: true })
    })
)

/** Sets how far a node's wall clock is off; the process sees it within a second. */
export const setClock = (path: string, offsetMs: number): void =>
  writeFileSync(path, `${offsetMs < 0 ? "-" : "+"}${Math.abs(offsetMs) / 1000}\n`)

const clockEnvironment = (library: string, path: string) => ({
  LD_PRELOAD: library,
  FAKETIME_TIMESTAMP_FILE: path,
  FAKETIME_CACHE_DURATION: "1",
  // Leases and timers are monotonic: only the wall clock is somebody else's to set.
  FAKETIME_DONT_FAKE_MONOTONIC: "1"
})

export interface WorldOptions {
  readonly acceptors: ReadonlyArray<string>
  /** Spares: they are taken in when an acceptor is gone. */
  readonly others: ReadonlyArray<string>
}

/** Starts bus, proxies and nodes; everything is gone when the scope closes. */
export const makeWorld = Effect.fnUntraced(function* ({ acceptors, others }: WorldOptions) {
  const nodes = [...acceptors, ...others]
  const masters = acceptors.length < 3 ? acceptors.slice(0, 1) : acceptors.slice(0, 3)
  const impossible = new Map<FaultKind, string>()
  const path = yield* smallDisk
  const small = path === undefined ? undefined : { node: acceptors.at(-1)!, path }
  if (small === undefined) impossible.set("fill-disk", "mounting a file system is not permitted here")
  const library = libraries.find((each) => existsSync(each))
  if (library === undefined) impossible.set("shift-clock", "libfaketime is not installed")
  const clockDirectory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "aplomb-clocks-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )
  const clocks = new Map(library === undefined ? [] : nodes.map((node) => [node, join(clockDirectory, node)]))
  for (const file of clocks.values()) setClock(file, 0)
  const proxies = new Map<string, TcpProxy>()
  const cluster = yield* startCluster({
    nodes,
    startsNodes: false,
    config: {
      segmentBytes,
      // Small, so that logs are cut and snapshots pulled many times in a run.
      snapshotBytes: 2 ** 20,
      masters,
      groups: [{ name: "main", acceptors, spares: others }]
    },
    dataOf: (node, directory) => join(node === small?.node ? small.path : directory, node),
    environmentOf: (node) =>
      clocks.has(node) ? clockEnvironment(library!, clocks.get(node)!) : ({} as Record<string, string>),
    behind: (natsPort) =>
      Effect.gen(function* () {
        for (const node of nodes) proxies.set(node, yield* tcpProxy(natsPort))
        return (node) => [`127.0.0.1:${proxies.get(node)!.port}`]
      })
  })
  yield* cluster.startAll
  const clients = yield* tcpProxy(cluster.nats.port)
  const bus = yield* busTo([cluster.nats.url], "torture")
  return { cluster, bus, masters, proxies, clients, small, clocks, impossible } satisfies World
})

export type WorldMade = Effect.Success<ReturnType<typeof makeWorld>>
