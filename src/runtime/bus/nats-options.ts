/** What the NATS adapter must be told (servers, credentials, TLS, patience), checked before dialling. */
import { Data, Effect, FileSystem } from "effect"
import type { BusProblem } from "./observe.ts"
import { subjectFault } from "./subjects.ts"

/** An option that cannot work. Nothing was dialled; correct it and start again. */
export class BadBusOptions extends Data.TaggedError("BadBusOptions")<{
  readonly option: string
  readonly reason: string
}> {
  override get message(): string {
    return `the bus cannot be set up: option ${this.option} ${this.reason}`
  }
}

/** The server is there and refuses this client. Trying again with the same options is of no use. */
export class BusRefused extends Data.TaggedError("BusRefused")<{
  readonly servers: ReadonlyArray<string>
  readonly reason: string
}> {
  override get message(): string {
    return `the NATS server (${this.servers.join(", ")}) refused the connection: ${this.reason}`
  }
}

/**
 * Who this process is to the server. `Creds` takes the content of a creds file: see `credentialsFromFile`.
 */
export type NatsCredentials =
  | { readonly _tag: "UserPassword"; readonly user: string; readonly password: string }
  | { readonly _tag: "Token"; readonly token: string }
  | { readonly _tag: "Creds"; readonly content: string }

/** PEM texts or files of them. An empty object asks for TLS with the certificates that the system trusts. */
export interface NatsTls {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** For servers set to `handshake_first`. */
  readonly handshakeFirst?: boolean
}

export interface NatsOptions {
  /** `nats://host:port`, `tls://host:port` or `host:port`; one server that answers is enough. */
  readonly servers: ReadonlyArray<string>
  /** Shown by the server's monitoring. */
  readonly name: string
  /**
   * First tokens of reply subjects; a user that is not to read others' replies needs its own. By default
   * `_INBOX`.
   */
  readonly inboxPrefix?: string
  readonly credentials?: NatsCredentials
  readonly tls?: NatsTls
  /** How long to wait for a server that is not there yet, in milliseconds. By default as long as it takes. */
  readonly firstConnectTimeoutMs?: number
  /** How long closing waits for what was published to leave, in milliseconds. By default 1000. */
  readonly closeTimeoutMs?: number
  /** Called with faults that nobody waits for. By default they are logged as warnings. */
  readonly onProblem?: (problem: BusProblem) => void
}

/**
 * Reads a creds file (a JWT and its seed, as `nsc` writes it).
 *
 * @param path of the file
 * @throws BadBusOptions where it cannot be read
 */
export const credentialsFromFile = (
  path: string
): Effect.Effect<NatsCredentials, BadBusOptions, FileSystem.FileSystem> =>
  FileSystem.FileSystem.use((files) => files.readFileString(path)).pipe(
    Effect.map((content): NatsCredentials => ({ _tag: "Creds", content })),
    Effect.mapError(
      (error) =>
        new BadBusOptions({ option: "credentials", reason: `names a file to read: ${error.message}` })
    )
  )

const serverPattern = /^(?:(nats|tls):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\/?$/

/** Why a server's address cannot be used, or undefined where it can. */
const serverFault = (server: unknown): string | undefined => {
  if (typeof server !== "string") return `has ${String(server)}; give each as text, nats://host:4222`
  if (/^wss?:\/\//i.test(server)) return "names a WebSocket; give the NATS port instead: nats://host:4222"
  if (server.includes("@")) return "has a user in its address; put it into the option credentials instead"
  const found = serverPattern.exec(server)
  if (found === null || Number(found[3] ?? 1) > 65_535 || Number(found[3] ?? 1) < 1) {
    return `has "${server}", which is no address; write it as nats://host:4222`
  }
  return undefined
}

/** Who is not held to types may give anything. */
const serversFault = (servers: unknown): string | undefined => {
  if (!Array.isArray(servers)) {
    const found = typeof servers === "string" ? JSON.stringify(servers) : String(servers)
    return `is ${found}; give a list, such as ["127.0.0.1:4222"]`
  }
  if (servers.length === 0) return "is empty; give one, such as nats://127.0.0.1:4222"
  return servers.map(serverFault).find((fault) => fault !== undefined)
}

/** The first option that cannot work, as an error. */
export const checkNatsOptions = (options: NatsOptions): Effect.Effect<void, BadBusOptions> => {
  const fail = (option: string, reason: string) => Effect.fail(new BadBusOptions({ option, reason }))
  const servers = serversFault(options.servers)
  if (servers !== undefined) return fail("servers", servers)
  const inboxFault =
    options.inboxPrefix === undefined ? undefined : subjectFault(options.inboxPrefix, "publish")
  if (inboxFault !== undefined) return fail("inboxPrefix", `cannot start a subject: ${inboxFault}`)
  for (const option of ["firstConnectTimeoutMs", "closeTimeoutMs"] as const) {
    const value = options[option]
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
      return fail(option, `is ${value}; give a number of milliseconds`)
    }
  }
  return Effect.void
}

/** Whether TLS is asked for, by the option or by the scheme of an address. */
export const tlsOf = (options: NatsOptions): NatsTls | undefined =>
  options.tls ?? (options.servers.some((server) => server.startsWith("tls://")) ? {} : undefined)
