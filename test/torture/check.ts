/** The verdict over a torture run: histories of all clients as one, ledgers, and every replica's copy. */
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { Effect, Stream } from "effect"
import { type AskOptions, askCatchUp } from "../../src/actors/catch-up/catch-up.ts"
import { GroupId, NodeId, Slot, slotPlus } from "../../src/protocol/ids.ts"
import { runLast, sliceRun } from "../../src/protocol/log/run.ts"
import { checkHistory } from "../../src/sim/history/command.ts"
import { noReplica, packetCodec } from "../../src/wire/packet.ts"
import { subjectsOf } from "../../src/wire/subjects.ts"
import { type Cluster, clusterName } from "../support/cluster.ts"
import { statusOf, type TestClient } from "../support/cluster-client.ts"
import { contradiction, type Held, type LedgerRow } from "./ledger.ts"

const findingsMax = 10
const checkMs = 300_000

export interface HistoryJudged {
  readonly verdict: string
  readonly operations: number
  readonly text: string
}

interface Line {
  readonly time: number
  readonly isInvoke: boolean
  readonly text: string
}

const linesOf = (path: string): ReadonlyArray<Line> =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => {
      const { time, type } = JSON.parse(text) as { time: number; type: string }
      return { time, isInvoke: type === "invoke", text }
    })

/**
 * One history out of those of several processes of this machine, by its one clock. Where two lines have one
 * time, what begins comes first: then the two overlap, and the checker demands no order of them.
 */
export const judgeHistories = (paths: ReadonlyArray<string>, mergedPath: string): HistoryJudged => {
  const merged = paths.flatMap(linesOf)
  merged.sort((a, b) => a.time - b.time || Number(b.isInvoke) - Number(a.isInvoke))
  const lines = merged.map(({ text }) => text)
  writeFileSync(mergedPath, `${lines.join("\n")}\n`)
  const { json } = checkHistory(lines, { model: "kv", timeoutMs: checkMs, now: () => performance.now() })
  return {
    verdict: json.verdict,
    operations: json.operations,
    text: JSON.stringify(json, undefined, 1).slice(0, 8000)
  }
}

/** Every ledger against the store as it is now. */
export const checkLedgers = Effect.fnUntraced(function* ({ kv }: TestClient, rows: ReadonlyArray<LedgerRow>) {
  const held = new Map<string, Held>()
  yield* Stream.runForEach(kv.list("ledger-", { timeoutMs: 60_000 }), ({ key, revision, value }) =>
    Effect.sync(() => held.set(key, { revision, value: String(value) }))
  )
  return rows
    .map((row) => contradiction(row, held.get(row.key)))
    .filter((each) => each !== undefined)
    .slice(0, findingsMax)
})

/** What each node says of its copy of the group. */
const copiesOf = (client: TestClient) =>
  Effect.map(statusOf(client), (seen) =>
    seen.flatMap(({ id, groups }) =>
      groups.map(({ chosen, applied, configuration }) => ({ id, chosen, applied, configuration }))
    )
  )

const chunkBytes = 256 * 1024
const askMs = 2000
const pollMs = 200

/** A hash of what a node's log holds from a slot on through another; undefined where it has not all of it. */
const hashOf = Effect.fnUntraced(function* (asking: AskOptions, node: string, from: Slot, through: Slot) {
  const hash = createHash("sha256")
  let next = from
  let ballot = 0
  for (let failures = 0; next <= through; ) {
    const answer = yield* askCatchUp(asking, NodeId(node), next, chunkBytes)
    if (answer === undefined || answer.runs.length === 0) {
      if (++failures > 5) return undefined
      continue
    }
    for (const run of answer.runs) {
      const part = sliceRun(run, next, through)
      if (part === undefined) continue
      // Where a node cuts its runs is its own affair: what counts are the entries, and where ballots begin.
      if (part.ballot !== ballot) hash.update(`ballot ${part.ballot} from ${part.first}:`)
      ballot = part.ballot
      hash.update(part.bytes)
      next = slotPlus(runLast(part), 1)
    }
  }
  return hash.digest("hex")
})

/**
 * Waits until every replica has applied what is chosen, then compares their logs; gives what is wrong. Nobody
 * may write meanwhile.
 */
export const replicasAgree = Effect.fnUntraced(function* (
  cluster: Cluster,
  client: TestClient,
  withinMs: number
) {
  const endsMs = performance.now() + withinMs
  let copies = yield* copiesOf(client)
  const isWhole = () =>
    copies.length === cluster.nodes.length &&
    copies.every(({ applied, chosen }) => applied === chosen && chosen === copies[0]!.chosen)
  while (!isWhole() && performance.now() < endsMs) {
    yield* Effect.sleep(pollMs)
    copies = yield* copiesOf(client)
  }
  if (!isWhole()) return [`not all replicas caught up within ${withinMs} ms: ${JSON.stringify(copies)}`]
  const group = GroupId("main")
  const asking: AskOptions = {
    ...{ bus: client.bus, subjects: subjectsOf(clusterName), codec: packetCodec(clusterName) },
    ...{ self: noReplica, group, timeoutMs: askMs }
  }
  const firsts = yield* Effect.forEach(copies, ({ id }) =>
    Effect.map(askCatchUp(asking, NodeId(id), Slot(1), 1024), (answer) => answer?.first ?? Slot(1))
  )
  const from = Slot(Math.max(...firsts))
  const through = Slot(copies[0]!.chosen)
  const hashes = yield* Effect.forEach(copies, ({ id }) =>
    Effect.map(hashOf(asking, id, from, through), (hash) => ({ id, hash }))
  )
  const isOne = hashes.every(({ hash }) => hash !== undefined && hash === hashes[0]!.hash)
  return isOne ? [] : [`replicas differ between slots ${from} and ${through}: ${JSON.stringify(hashes)}`]
})
