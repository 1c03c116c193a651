/** A torture run: a loaded cluster is struck by a plan of faults, and what the clients saw is judged. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Fiber } from "effect"
import { clientOf, serving } from "../support/cluster-client.ts"
import { type OwnedProcess, ownedProcess } from "../support/processes.ts"
import { checkLedgers, judgeHistories, replicasAgree } from "./check.ts"
import type { ClientOrders, ClientReport } from "./client.ts"
import { Faults } from "./faults.ts"
import { planOf, type TortureOptions } from "./plan.ts"
import { type Result, reportOf, struckText } from "./report.ts"
import { makeWorld, type WorldMade } from "./world.ts"

const keysForMs = 15_000
const serveWithinMs = 30_000
const wholeWithinMs = 60_000
const clientEndsWithinMs = 180_000
const clientPath = fileURLToPath(new URL("./client.ts", import.meta.url))

const names = (letter: string, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `${letter}${from + index}`)

const startClients = (world: WorldMade, options: TortureOptions, directory: string) =>
  Effect.forEach(names("", 1, options.clients), (name, index) => {
    const orders: ClientOrders = {
      name,
      servers: [`127.0.0.1:${world.clients.port}`],
      seed: options.seed * 100 + index,
      historyPath: join(directory, `client-${name}.jsonl`),
      keysForMs
    }
    return ownedProcess({ command: process.execPath, args: [clientPath, JSON.stringify(orders)] })
  })

/** Strikes one fault after the other until the time is over, then waits until all are healed. */
const strike = Effect.fnUntraced(function* (faults: Faults, options: TortureOptions, nowMs: () => number) {
  const under: Array<Fiber.Fiber<void, Effect.Error<ReturnType<Faults["perform"]>>>> = []
  const { forMs, faultsMax = Number.POSITIVE_INFINITY } = options
  for (const fault of planOf(options)) {
    yield* Effect.sleep(fault.afterMs)
    faults.look()
    const strikes = faults.struck.filter(({ skipped }) => skipped === undefined).length
    if (nowMs() > forMs || strikes >= faultsMax || faults.findings.length > 0) break
    const done = faults
      .perform(fault)
      .pipe(Effect.tap(() => Effect.sync(() => options.say(struckText(faults.struck.at(-1)!)))))
    under.push(yield* Effect.forkScoped(done))
    // One that overlaps begins while this one lasts.
    if (!fault.overlaps) yield* Effect.forEach(under.splice(0), (fiber) => Fiber.join(fiber))
  }
  yield* Effect.forEach(under, (fiber) => Fiber.join(fiber))
})

/** Ends the clients, and gives what they report; a client that is stuck is a finding. */
const endClients = (clients: ReadonlyArray<OwnedProcess>, findings: Array<string>) =>
  Effect.map(
    Effect.forEach(
      clients,
      Effect.fnUntraced(function* (client) {
        client.say("over\n")
        yield* client.ended.pipe(Effect.timeoutOption(clientEndsWithinMs))
        const line = client.stdout().trim().split("\n").at(-1) ?? ""
        if (client.exit()?.code === 0 && line.startsWith("{")) return JSON.parse(line) as ClientReport
        findings.push(`a client process did not come to its end: ${client.log().slice(-3000)}`)
        return undefined
      }),
      { concurrency: "unbounded" }
    ),
    (reports) => reports.filter((report) => report !== undefined)
  )

/** Runs it; findings are in the result, and everything to look into is in its directory. */
export const torture = Effect.fnUntraced(function* (options: TortureOptions) {
  const directory = yield* Effect.sync(() => mkdtempSync(join(tmpdir(), "aplomb-torture-")))
  mkdirSync(join(directory, "logs"), { recursive: true })
  const keep = (name: string, text: string) => writeFileSync(join(directory, name), text)
  keep("plan.json", JSON.stringify({ ...options, plan: planOf(options) }, undefined, 1))
  const acceptors = names("n", 1, options.acceptors)
  const others = names("n", options.acceptors + 1, options.spares)
  const world = yield* makeWorld({ acceptors, others })
  const client = yield* clientOf(world.cluster)
  yield* serving(world.cluster, client)
  const clients = yield* startClients(world, options, directory)
  const startedMs = performance.now()
  const nowMs = () => performance.now() - startedMs
  const faults = new Faults(world, nowMs)
  const { findings } = faults
  yield* strike(faults, options, nowMs).pipe(
    Effect.catch((error) => Effect.sync(() => findings.push(`a fault could not be healed: ${error.message}`)))
  )
  const struckForMs = nowMs()
  // A client of its own: whoever comes now must get through.
  const late = yield* clientOf(world.cluster)
  yield* serving(world.cluster, late, serveWithinMs).pipe(
    Effect.catch((error) =>
      Effect.sync(() =>
        findings.push(`it did not serve within ${serveWithinMs} ms after the last fault: ${error}`)
      )
    )
  )
  const servedAfterMs = nowMs() - struckForMs
  const reports = yield* endClients(clients, findings)
  for (const report of reports) {
    findings.push(...report.chainFaults, ...report.nearFaults)
    if (report.finalReadsAnswered < report.finalReads)
      findings.push(
        `client ${report.name}: ${report.finalReads - report.finalReadsAnswered} reads failed at the end`
      )
  }
  const ledgerRows = reports.flatMap(({ ledger }) => ledger)
  findings.push(...(yield* checkLedgers(late, ledgerRows)))
  findings.push(...(yield* replicasAgree(world.cluster, late, wholeWithinMs)))
  faults.look()
  const paths = reports.map(({ name }) => join(directory, `client-${name}.jsonl`))
  const history = judgeHistories(paths, join(directory, "history.jsonl"))
  if (history.verdict !== "linearizable") findings.push(`the history is ${history.verdict}: ${history.text}`)
  const { struck } = faults
  const result: Result = { options, struck, struckForMs, servedAfterMs, reports, history, findings }
  for (const node of world.cluster.nodes) keep(`logs/${node.id}.log`, node.log(Number.MAX_SAFE_INTEGER))
  keep("logs/nats-server.log", world.cluster.nats.log())
  keep("report.md", reportOf(result))
  return { result, directory }
})
