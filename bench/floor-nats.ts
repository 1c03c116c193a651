/**
 * Floor: a round trip over NATS to another process, own correlation on one subject. Run as `echo` it is the
 * other process.
 */
import { connect, type NatsConnection } from "nats"
import { runAlone } from "./alone.ts"
import { startBus } from "./cluster.ts"
import { freePort, medianOf, sleep, start, until } from "./processes.ts"

const dial = (port: number): Promise<NatsConnection> => connect({ servers: `127.0.0.1:${port}` })

const echo = async (port: number): Promise<void> => {
  const connection = await dial(port)
  connection.subscribe("ask", {
    callback: (_error, message) => connection.publish("answer", message.data)
  })
  await connection.flush()
  console.log("ready")
}

export interface RoundTrip {
  readonly outstanding: number
  readonly perSecond: number
  readonly p50Ms: number
}

const payload = new Uint8Array(64)

const measure = async (
  connection: NatsConnection,
  outstanding: number,
  forMs: number
): Promise<RoundTrip> => {
  const latencies: Array<number> = []
  let running = true
  const sent: Array<number> = []
  const ask = () => {
    sent.push(performance.now())
    connection.publish("ask", payload)
  }
  const subscription = connection.subscribe("answer", {
    callback: () => {
      // Answers come in the order of the questions: one connection, one echo.
      latencies.push(performance.now() - sent.shift()!)
      if (running) ask()
    }
  })
  await connection.flush()
  for (let count = 0; count < outstanding; count++) ask()
  await sleep(500)
  latencies.length = 0
  const startMs = performance.now()
  await sleep(forMs)
  const elapsedMs = performance.now() - startMs
  const result = {
    outstanding,
    perSecond: Math.round((latencies.length / elapsedMs) * 1000),
    p50Ms: medianOf(latencies)
  }
  running = false
  await sleep(200)
  subscription.unsubscribe()
  return result
}

export const measureRoundTrips = async (forMs: number): Promise<ReadonlyArray<RoundTrip>> => {
  const port = await freePort()
  const bus = await startBus(port)
  const other = start(process.execPath, [import.meta.filename, "echo", String(port)])
  await until("the echo", () => other.stdout().includes("ready"))
  const connection = await dial(port)
  const results = [await measure(connection, 1, forMs), await measure(connection, 256, forMs)]
  await connection.close()
  await other.stop("SIGKILL")
  await bus.stop()
  return results
}

if (process.argv[2] === "echo") await echo(Number(process.argv[3]))
else await runAlone(import.meta.filename, measureRoundTrips)
