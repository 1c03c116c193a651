/** Flags that commands share, and how they fall back to the environment. */
import { Config, Option } from "effect"
import { Flag } from "effect/cli"
import { namePattern } from "../wire/subjects.ts"

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `250ms`, `20s`, `5m`, `1h`; a bare number is seconds. Undefined where the text is none of these. */
export const durationMs = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim())
  return found === null ? undefined : Math.round(Number(found[1]) * unitMs[found[2] ?? "s"]!)
}

/** A flag that takes a time such as 20s or 500ms; its value is milliseconds. */
export const durationFlag = (name: string) =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(durationMs(text)),
      () => "a time such as 500ms, 20s, 5m or 1h"
    ),
    Flag.withMetavar("time")
  )

/** The same where it makes no sense to take no time at all. */
export const lastingFlag = (name: string) =>
  durationFlag(name).pipe(
    Flag.filter(
      (ms) => ms > 0,
      () => "a time that is not 0"
    )
  )

/** A flag that takes the name of a file or a directory. */
export const pathFlag = (name: string, kind: "file" | "directory" = "file") =>
  Flag.String(name).pipe(
    Flag.filter(
      (path) => path !== "",
      () => `the name of a ${kind}`
    ),
    Flag.withMetavar(kind)
  )

/** A flag that takes a whole number within limits, both included. */
export const countFlag = (name: string, limits: { readonly min: number; readonly max?: number }) => {
  const { min, max = Number.MAX_SAFE_INTEGER } = limits
  const expected = limits.max === undefined ? `${min} or more` : `from ${min} to ${max}`
  return Flag.Int(name).pipe(
    Flag.filter(
      (count) => count >= min && count <= max,
      () => expected
    )
  )
}

/** Seeds begin here at most: those that follow must be numbers that can be told apart, too. */
const firstSeedMax = 1e15

/** Where seeds begin. */
export const firstSeedFlag = (name: string) =>
  countFlag(name, { min: 0, max: firstSeedMax }).pipe(
    Flag.withDefault(1),
    Flag.withDescription("The first seed (default 1)")
  )

/** Threads of one command at most: more than this only fills the memory. */
const jobsMax = 256

export const jobsFlag = countFlag("jobs", { min: 1, max: jobsMax })

export const isName = (text: string) => namePattern.test(text)
export const nameExpected = () => "1 to 64 letters, digits, dashes or underscores"

/** `host:port,host:port` as a list. */
export const listOf = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")

const serversFlag = Flag.String("servers").pipe(
  Flag.withFallbackConfig(Config.String("APLOMB_SERVERS")),
  Flag.withDefault("127.0.0.1:4222"),
  Flag.map(listOf),
  Flag.withMetavar("host:port,..."),
  Flag.withDescription("NATS servers; also APLOMB_SERVERS (default 127.0.0.1:4222)")
)

const clusterFlag = Flag.String("cluster").pipe(
  Flag.withFallbackConfig(Config.String("APLOMB_CLUSTER")),
  Flag.withDefault("dev"),
  Flag.filter(isName, nameExpected),
  Flag.withMetavar("name"),
  Flag.withDescription("Name of the cluster; also APLOMB_CLUSTER (default dev)")
)

const groupFlag = Flag.String("group").pipe(
  Flag.withDefault("main"),
  Flag.filter(isName, nameExpected),
  Flag.withMetavar("name"),
  Flag.withDescription("Name of the group (default main)")
)

/** How long one command may take, in milliseconds. */
export const timeoutFlag = (defaultMs: number, what = "How long to wait for answers") =>
  durationFlag("timeout").pipe(
    Flag.withDefault(defaultMs),
    Flag.withDescription(`${what} (default ${defaultMs / 1000}s)`)
  )

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDefault(false),
  Flag.withDescription("Print JSON, for programs")
)

/** Where a cluster is: for every command that talks to one. */
export const clusterFlags = { servers: serversFlag, cluster: clusterFlag, timeout: timeoutFlag(10_000) }

/** The same for one group. */
export const groupFlags = { ...clusterFlags, group: groupFlag }
