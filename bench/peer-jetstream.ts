/**
 * Peer: a JetStream stream with three file copies, published to with own correlation. Not synced before it
 * acknowledges.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect, type NatsConnection } from "nats"
import { runAlone } from "./alone.ts"
import type { RoundTrip } from "./floor-nats.ts"
import { findProgram, freePort, medianOf, sleep, start, temporaryDirectory, until } from "./processes.ts"

const startServers = async (directory: string) => {
  const program = findProgram("nats-server")!
  const ports = [await freePort(), await freePort(), await freePort()]
  const routes = [await freePort(), await freePort(), await freePort()]
  const servers = ports.map((port, index) => {
    const path = join(directory, `server-${index}.conf`)
    writeFileSync(
      path,
      `server_name: s${index}\nlisten: "127.0.0.1:${port}"\n` +
        `jetstream { store_dir: "${directory}/s${index}" }\n` +
        `cluster { name: peers, listen: "127.0.0.1:${routes[index]}", ` +
        `routes: [${routes.map((route) => `"nats-route://127.0.0.1:${route}"`).join(", ")}] }\n`
    )
    return start(program, ["-c", path])
  })
  return { ports, servers }
}

const makeStream = async (connection: NatsConnection): Promise<boolean> => {
  const body = {
    name: "BENCH",
    subjects: ["bench.put"],
    storage: "file",
    num_replicas: 3,
    retention: "limits"
  }
  try {
    const answer = await connection.request("$JS.API.STREAM.CREATE.BENCH", JSON.stringify(body), {
      timeout: 2000
    })
    return (answer.json() as { error?: unknown }).error === undefined
  } catch {
    return false
  }
}

const measure = async (
  connection: NatsConnection,
  outstanding: number,
  forMs: number
): Promise<RoundTrip> => {
  const payload = new Uint8Array(64)
  const inbox = `answers.${outstanding}`
  const sent = new Map<string, number>()
  const latencies: Array<number> = []
  let next = 0
  let running = true
  const put = () => {
    const subject = `${inbox}.${next++}`
    sent.set(subject, performance.now())
    connection.publish("bench.put", payload, { reply: subject })
  }
  connection.subscribe(`${inbox}.*`, {
    callback: (_error, message) => {
      latencies.push(performance.now() - sent.get(message.subject)!)
      sent.delete(message.subject)
      if (running) put()
    }
  })
  await connection.flush()
  for (let count = 0; count < outstanding; count++) put()
  await sleep(700)
  latencies.length = 0
  const startMs = performance.now()
  await sleep(forMs)
  const elapsedMs = performance.now() - startMs
  running = false
  return {
    outstanding,
    perSecond: Math.round((latencies.length / elapsedMs) * 1000),
    p50Ms: medianOf(latencies)
  }
}

/** Undefined where the servers do not come up. */
export const measureJetStream = async (forMs: number): Promise<ReadonlyArray<RoundTrip> | undefined> => {
  const directory = temporaryDirectory()
  const { ports, servers } = await startServers(directory)
  try {
    await until("the start of JetStream", () =>
      servers.every((server) => server.stderr().includes("Server is ready"))
    )
    const connection = await connect({ servers: ports.map((port) => `127.0.0.1:${port}`) })
    await until("the stream", () => makeStream(connection))
    const results = [await measure(connection, 1, forMs), await measure(connection, 256, forMs)]
    await connection.close()
    return results
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

await runAlone(import.meta.filename, measureJetStream)
