/** The key-value store of a group, as the commands of `aplomb kv` reach it. */
import { Effect } from "effect"
import { kvOf } from "../../client/kv.ts"
import { replicated } from "../../client/replicated.ts"
import type { KvValue } from "../../machines/kv.ts"
import { kvMachine } from "../../machines/kv.ts"
import { Bus, BusUnavailable } from "../../runtime/bus/port.ts"
import { busWaitMs, connectBus } from "../bus.ts"
import type { CommandFailed } from "../failure.ts"
import { allOfStdin } from "../stdin.ts"

export interface GroupAddress {
  readonly servers: ReadonlyArray<string>
  readonly cluster: string
  readonly group: string
  /** How long one command may take, in milliseconds. */
  readonly timeout: number
}

/** Connects until the scope closes. */
export const connectKv = Effect.fnUntraced(function* ({ servers, cluster, group, timeout }: GroupAddress) {
  const bus = yield* connectBus({ servers, name: "aplomb kv", waitMs: busWaitMs(timeout) })
  const connection = yield* Effect.provideService(
    replicated({ cluster, group, machine: kvMachine }),
    Bus,
    bus
  ).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(new BusUnavailable({ reason: `it was away for ${timeout} ms` }))
    })
  )
  return { kv: kvOf(connection), client: connection.client, call: { timeoutMs: timeout } }
})

/** Keys with this prefix are records of the command line itself; listing and dumping leave them out. */
export const reservedPrefix = "\u0000aplomb/"

/** A value as a field of a JSON object: text, or bytes in base64. */
export const valueField = (value: KvValue): { readonly value: string } | { readonly base64: string } =>
  typeof value === "string" ? { value } : { base64: Buffer.from(value).toString("base64") }

/** Text where bytes are UTF-8, else the bytes. */
const textOrBytes = (bytes: Uint8Array): KvValue => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
}

/** The value of the command line, or all of stdin where it is `-`. */
export const givenValue = (text: string): Effect.Effect<KvValue, CommandFailed> =>
  text !== "-" ? Effect.succeed(text) : Effect.map(allOfStdin, textOrBytes)
