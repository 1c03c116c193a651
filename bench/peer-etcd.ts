/**
 * Peer: etcd with three members, each synced before it acknowledges, over its JSON gateway and by its own
 * load tool.
 */
import { Agent, request } from "node:http"
import { join } from "node:path"
import { runAlone } from "./alone.ts"
import type { RoundTrip } from "./floor-nats.ts"
import { findProgram, freePort, medianOf, run, sleep, start, temporaryDirectory, until } from "./processes.ts"

const startMembers = async (program: string, directory: string) => {
  const clients = [await freePort(), await freePort(), await freePort()]
  const peers = [await freePort(), await freePort(), await freePort()]
  const all = peers.map((port, index) => `e${index}=http://127.0.0.1:${port}`).join(",")
  const members = clients.map((client, index) => {
    const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peers[index]}`]
    return start(program, [
      ...["--name", `e${index}`, "--data-dir", join(directory, `e${index}`), "--log-level", "error"],
      ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
      ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
      ...["--initial-cluster", all, "--initial-cluster-state", "new"]
    ])
  })
  return { clients, members }
}

const agent = new Agent({ keepAlive: true, maxSockets: 512 })
const value = Buffer.alloc(64, 97).toString("base64")

const put = (port: number, key: number): Promise<boolean> =>
  new Promise((resolve) => {
    const body = JSON.stringify({ key: Buffer.from(`bench-${key}`).toString("base64"), value })
    const call = request(
      { host: "127.0.0.1", port, path: "/v3/kv/put", method: "POST", agent },
      (response) => {
        response.resume().on("end", () => resolve(response.statusCode === 200))
      }
    )
    call.on("error", () => resolve(false))
    call.end(body)
  })

const measure = async (port: number, outstanding: number, forMs: number): Promise<RoundTrip> => {
  const latencies: Array<number> = []
  let running = true
  let next = 0
  const loop = async () => {
    while (running) {
      const startMs = performance.now()
      if (await put(port, next++ % 1000)) latencies.push(performance.now() - startMs)
    }
  }
  const loops = Array.from({ length: outstanding }, loop)
  await sleep(700)
  latencies.length = 0
  const startMs = performance.now()
  await sleep(forMs)
  const result = {
    outstanding,
    perSecond: Math.round((latencies.length / (performance.now() - startMs)) * 1000),
    p50Ms: medianOf(latencies)
  }
  running = false
  await Promise.all(loops)
  return result
}

export interface EtcdResult {
  readonly gateway: ReadonlyArray<RoundTrip>
  /** `etcdctl check perf` at its highest load: puts a second; undefined where etcdctl is not there. */
  readonly ownToolPerSecond: number | undefined
}

/** Undefined where etcd is not installed. */
export const measureEtcd = async (forMs: number): Promise<EtcdResult | undefined> => {
  const program = findProgram("etcd")
  if (program === undefined) return undefined
  const directory = temporaryDirectory()
  const { clients, members } = await startMembers(program, directory)
  try {
    await until("the start of etcd", () => put(clients[0]!, 0))
    const gateway = [await measure(clients[0]!, 1, forMs), await measure(clients[0]!, 256, forMs)]
    return { gateway, ownToolPerSecond: await ownTool(clients) }
  } finally {
    await Promise.all(members.map((member) => member.stop("SIGKILL")))
  }
}

const ownTool = async (clients: ReadonlyArray<number>): Promise<number | undefined> => {
  const program = findProgram("etcdctl")
  if (program === undefined) return undefined
  const endpoints = clients.map((port) => `127.0.0.1:${port}`).join(",")
  const text = await run("/usr/bin/env", [
    "ETCDCTL_API=3",
    program,
    "--endpoints",
    endpoints,
    "check",
    "perf",
    "--load",
    "xl"
  ])
  const found = /Throughput[^\n]*?(\d+) writes\/s/.exec(text)
  return found === null ? undefined : Number(found[1])
}

await runAlone(import.meta.filename, measureEtcd)
