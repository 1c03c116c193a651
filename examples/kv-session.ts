/**
 * The key-value store of a cluster in Promise form: writes, races decided by compare-and-set, listing.
 * Run it beside `aplomb dev`: `tsx examples/kv-session.ts`. APLOMB_SERVERS and APLOMB_CLUSTER name another
 * cluster.
 */
import { fileURLToPath } from "node:url"
import { type Connection, connect, type PromiseKv } from "aplomb"

/** Adds to a number, whoever else does at the same time: it writes only if nobody wrote since it read. */
const add = async (kv: PromiseKv, key: string, amount: number): Promise<number> => {
  for (;;) {
    const entry = await kv.get(key)
    const total = Number(entry?.value ?? 0) + amount
    const { changed } = await kv.compareAndSet(key, entry?.revision ?? 0, String(total))
    if (changed) return total
  }
}

/** What one application does with its connection; every call here is linearizable, and takes effect once. */
const session = async (aplomb: Connection): Promise<ReadonlyArray<string>> => {
  const kv = aplomb.kv()
  const lines: Array<string> = []
  for await (const { key } of kv.list("shop/")) await kv.delete(key)

  const first = await kv.put("shop/color", "green")
  const second = await kv.put("shop/color", "blue")
  lines.push(`revisions grow: ${second.revision > first.revision}`)

  const late = await kv.compareAndSet("shop/color", first.revision, "red")
  lines.push(`too late for red: ${!late.changed}, it is ${(await kv.get("shop/color"))?.value}`)

  await Promise.all([1, 2, 3, 4].map((amount) => add(kv, "shop/stock", amount)))
  lines.push(`stock: ${(await kv.get("shop/stock"))?.value}`)

  for await (const { key, value } of kv.list("shop/")) lines.push(`${key} = ${value}`)
  return lines
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { APLOMB_SERVERS: servers = "127.0.0.1:4222", APLOMB_CLUSTER: cluster = "dev" } = process.env
  const aplomb = await connect({ servers: servers.split(","), cluster })
  try {
    for (const line of await session(aplomb)) console.log(line)
  } finally {
    await aplomb.close()
  }
}
