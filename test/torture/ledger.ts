/** What a client was told of its writes, each to a key of its own, and what contradicts it afterwards. */
import { Effect, Option } from "effect"
import type { TestClient } from "../support/cluster-client.ts"

/** The last of one key's writes that was acknowledged, and those after it of which nobody knows. */
export interface LedgerRow {
  readonly key: string
  /** 0: none was acknowledged. */
  readonly revision: number
  readonly value: string | null
  readonly open: ReadonlyArray<string>
}

interface Row {
  revision: number
  value: string | null
  open: Array<string>
}

const pauseMs = 10
/** After one of so many writes any replica is asked for it. */
const nearReadOneOf = 8
const timeoutMs = 2000
const faultsMax = 10
/** Makes a small disk fill while somebody waits for it. */
const filler = "v".repeat(1000)

export interface Ledger {
  /** One lane after the other writes its keys, in turn, until it is over. */
  readonly run: Effect.Effect<void>
  readonly rows: () => ReadonlyArray<LedgerRow>
  readonly acknowledged: () => number
  /** Reads of any replica, as far as the write before them at least, and what they contradicted. */
  readonly nearReads: () => number
  readonly faults: ReadonlyArray<string>
}

/** A ledger of `lanes` writes at a time, each lane with keys of its own. */
export const ledgerOf = (
  { kv }: TestClient,
  prefix: string,
  options: { readonly lanes: number; readonly keysOfLane: number; readonly isOver: () => boolean }
): Ledger => {
  const rows = new Map<string, Row>()
  const faults: Array<string> = []
  let acknowledged = 0
  let nearReads = 0
  const write = (key: string, value: string) => {
    const row = rows.get(key) ?? { revision: 0, value: null, open: [] }
    rows.set(key, row)
    return Effect.match(kv.put(key, value, { timeoutMs }), {
      onSuccess: ({ revision }) => {
        acknowledged++
        row.revision = revision
        row.value = value
        // What was open before is settled only where its number comes before this one in the same session; it
        // may be of another session, so it stays possible.
      },
      onFailure: (error) => {
        if (error._tag === "Indeterminate") row.open.push(value)
      }
    })
  }
  /** The lane writes nothing meanwhile, so the row stands still; only an open write may come true. */
  const readNear = (key: string) => {
    const row = rows.get(key)!
    const consistency = { atLeast: row.revision }
    return Effect.match(kv.get(key, { timeoutMs, consistency }), {
      onSuccess: (found) => {
        nearReads++
        const held = Option.map(found, ({ revision, value }) => ({ revision, value: String(value) }))
        const wrong = contradiction({ key, ...row }, Option.getOrUndefined(held))
        if (wrong !== undefined && faults.length < faultsMax) faults.push(`read of a replica: ${wrong}`)
      },
      onFailure: () => {}
    })
  }
  const lane = Effect.fnUntraced(function* (number: number) {
    for (let count = 0; !options.isOver(); count++) {
      const key = `${prefix}${number}-${count % options.keysOfLane}`
      yield* write(key, `${number}-${count}-${filler}`)
      if (count % nearReadOneOf === 0) yield* readNear(key)
      yield* Effect.sleep(pauseMs)
    }
  })
  const numbers = Array.from({ length: options.lanes }, (_, index) => index)
  return {
    run: Effect.forEach(numbers, lane, { concurrency: "unbounded", discard: true }),
    rows: () => [...rows].map(([key, row]) => ({ key, ...row })),
    acknowledged: () => acknowledged,
    nearReads: () => nearReads,
    faults
  }
}

export interface Held {
  readonly revision: number
  readonly value: string
}

/**
 * What a row contradicts in a store, or undefined. The acknowledged write is the last there is, at its very
 * revision (applied a second time it would stand at another); only one whose outcome is open may stand above.
 */
export const contradiction = (row: LedgerRow, held: Held | undefined): string | undefined => {
  const { key, revision, value, open } = row
  const shown = (text: string | null) => (text === null ? "nothing" : `"${text.split("-v", 1)[0]}"`)
  const told = `${key}: ${shown(value)} was acknowledged at ${revision}`
  if (held === undefined) return revision === 0 ? undefined : `${told}, and the key is not there`
  if (held.revision === revision)
    return held.value === value ? undefined : `${told}, and ${shown(held.value)} stands there`
  if (held.revision < revision) return `${told}, and ${shown(held.value)} of ${held.revision} stands there`
  return open.includes(held.value)
    ? undefined
    : `${told}, and ${shown(held.value)} stands at ${held.revision}: written twice, or by nobody`
}
