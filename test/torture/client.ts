/**
 * One client process of a torture run: random operations whose history goes to a file, chains of
 * compare-and-set, and a ledger; until its stdin says that it is over, when it reads everything and reports.
 */
import { createWriteStream } from "node:fs"
import { createInterface } from "node:readline"
import { Effect, Fiber } from "effect"
import { kvOf } from "../../src/client/kv.ts"
import { replicated } from "../../src/client/replicated.ts"
import { kvMachine } from "../../src/machines/kv.ts"
import { Bus } from "../../src/runtime/bus/port.ts"
import { clusterName } from "../support/cluster.ts"
import { beginChains } from "../support/cluster-chains.ts"
import { busTo, type TestClient } from "../support/cluster-client.ts"
import { workload } from "../support/cluster-history.ts"
import { type LedgerRow, ledgerOf } from "./ledger.ts"

/** What it is told, as JSON in its first argument. */
export interface ClientOrders {
  readonly name: string
  readonly servers: ReadonlyArray<string>
  readonly seed: number
  readonly historyPath: string
  /** After so long other keys are used: what is used for very long cannot be checked. */
  readonly keysForMs: number
}

/** What it prints, as JSON, at its end. */
export interface ClientReport {
  readonly name: string
  readonly counts: {
    readonly ok: number
    readonly fail: number
    readonly info: number
    readonly invoke: number
  }
  readonly finalReads: number
  readonly finalReadsAnswered: number
  readonly chainLinks: number
  /** What contradicts that each link of a chain took effect once. */
  readonly chainFaults: ReadonlyArray<string>
  readonly ledgerWrites: number
  /** Reads of any replica after a write, at least as far as that, and what they contradicted. */
  readonly nearReads: number
  readonly nearFaults: ReadonlyArray<string>
  readonly ledger: ReadonlyArray<LedgerRow>
}

const chainKeys = 4
/** No fault of a plan lasts so long that a command could not get through: one that fails is a finding. */
const chainTimeoutMs = 120_000
const registers = 3
const stores = 2

/** One line when the faults begin to count, one when it is over. */
const orders = JSON.parse(process.argv[2]!) as ClientOrders
const lines = createInterface({ input: process.stdin })
let isOver = false
lines.on("line", () => {
  isOver = true
})
lines.on("close", () => {
  if (!isOver) process.exit(1)
})

/** All clients use the same keys at a time; the clock is that of the machine. */
const keysNow = (): ReadonlyArray<string> => {
  const age = Math.floor(Number(process.hrtime.bigint() / 1_000_000n) / orders.keysForMs)
  return [
    ...Array.from({ length: registers }, (_, index) => `register${age}-${index}`),
    ...Array.from({ length: stores }, (_, index) => `store${age}-${index}`)
  ]
}

const untilOver = Effect.gen(function* () {
  while (!isOver) yield* Effect.sleep(50)
})

const program = Effect.gen(function* () {
  const bus = yield* busTo(orders.servers, orders.name)
  const group = yield* replicated({ cluster: clusterName, group: "main", machine: kvMachine }).pipe(
    Effect.provideService(Bus, bus)
  )
  const client: TestClient = { bus, group, kv: kvOf(group) }
  const file = createWriteStream(orders.historyPath)
  const { history, run, readAll } = yield* workload({
    clients: [client],
    keys: keysNow,
    seed: orders.seed,
    isOver: () => isOver,
    name: () => orders.name,
    keep: (line) => file.write(`${line}\n`)
  })
  const chains = beginChains(client, `chain-${orders.name}-`, chainKeys, {
    timeoutMs: chainTimeoutMs,
    pauseMs: 5
  })
  const ledger = ledgerOf(client, `ledger-${orders.name}-`, {
    lanes: 4,
    keysOfLane: 200,
    isOver: () => isOver
  })
  const working = yield* Effect.forkChild(Effect.all([run, ledger.run], { concurrency: 2 }))
  yield* untilOver
  yield* Fiber.join(working)
  yield* chains.end
  const before = { ...history.counts }
  yield* readAll
  const chainFaults = [
    ...chains.failures.map((failure) => `a link failed: ${failure.message}`),
    ...(yield* chains.broken(client))
  ]
  const report: ClientReport = {
    name: orders.name,
    counts: history.counts,
    finalReads: history.counts.invoke - before.invoke,
    finalReadsAnswered: history.counts.ok - before.ok,
    chainLinks: chains.acknowledged(),
    chainFaults: chainFaults.slice(0, 20),
    ledgerWrites: ledger.acknowledged(),
    nearReads: ledger.nearReads(),
    nearFaults: ledger.faults,
    ledger: ledger.rows()
  }
  yield* Effect.callback<void>((resume) => {
    file.end(() => resume(Effect.void))
  })
  yield* Effect.callback<void>((resume) => {
    process.stdout.write(`${JSON.stringify(report)}\n`, () => resume(Effect.void))
  })
})

Effect.runPromise(Effect.scoped(program)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  }
)
