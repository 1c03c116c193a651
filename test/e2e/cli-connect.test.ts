/** `connect`, as an application uses it, against a cluster of processes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Connection, connect, Indeterminate, kvMachine, Unavailable } from "../../src/client/aplomb.ts"
import { type DevCluster, serve } from "../support/cli.ts"

let dev: DevCluster
let servers: ReadonlyArray<string>
let aplomb: Connection

beforeAll(async () => {
  dev = await serve(["--nodes", "1"])
  servers = [dev.server]
  aplomb = await connect({ servers, cluster: "dev" })
}, 60_000)

afterAll(async () => {
  await aplomb.close()
  await dev.process.stop()
})

describe("a connection", () => {
  it("puts, gets, compares, deletes and lists", async () => {
    const kv = aplomb.kv()
    const { revision } = await kv.put("a", "1")
    expect(await kv.get("a")).toEqual({ key: "a", value: "1", revision })
    expect(await kv.compareAndSet("a", revision + 1, "2")).toEqual({ changed: false, revision })
    await kv.put("b", new Uint8Array([1, 2]))
    const entries = []
    for await (const { key, value } of kv.list("")) entries.push([key, value])
    expect(entries).toEqual([
      ["a", "1"],
      ["b", expect.objectContaining({ length: 2 })]
    ])
    expect(await kv.delete("a")).toEqual({ deleted: true })
    expect(await kv.get("a")).toBeUndefined()
    expect(aplomb.kv()).toBe(kv)
  })

  it("submits to a group and asks it, typed by its machine", async () => {
    const group = aplomb.group(kvMachine)
    const { reply, slot } = await group.submit({ _tag: "Put", key: "c", value: "3" })
    expect(reply).toEqual({ changed: true, revision: slot })
    expect(await group.ask({ _tag: "Get", key: "c" })).toMatchObject({ entries: [{ key: "c", value: "3" }] })
  })

  it("fails with errors that are Errors and say what to do", async () => {
    const failure = await aplomb
      .kv("elsewhere")
      .put("a", "1", { timeoutMs: 300 })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(failure instanceof Unavailable || failure instanceof Indeterminate).toBe(true)
    const nobody = connect({ servers: ["127.0.0.1:9"], connectTimeoutMs: 300 })
    await expect(nobody).rejects.toMatchObject({ _tag: "BusUnavailable" })
  })

  it("refuses what comes after it was closed", async () => {
    const other = await connect({ servers, cluster: "dev" })
    const kv = other.kv()
    await kv.put("d", "4")
    await other.close()
    await expect(kv.get("d", { timeoutMs: 500 })).rejects.toBeInstanceOf(Error)
  })
})
