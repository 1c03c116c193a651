/**
 * Where a node's configuration comes from: flags over environment over file; an error says which of them was
 * wrong.
 */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { type ConfigInvalid, NodeConfig, nodeConfig } from "../actors/node/config.ts"
import { type CommandFailed, usageFailure } from "./failure.ts"
import { listOf } from "./flags.ts"

type Field = keyof typeof NodeConfig.fields

/** Every field of the configuration: each can be set by a flag and by a variable of the environment. */
export const nodeFields = Object.keys(NodeConfig.fields) as ReadonlyArray<Field>

const words = (field: string) => field.replace(/[A-Z]/g, (letter) => `-${letter}`).toLowerCase()

/** `heartbeatIntervalMs` is `--heartbeat-interval-ms`. */
export const flagOf = (field: string): string => words(field)

/** `heartbeatIntervalMs` is `APLOMB_HEARTBEAT_INTERVAL_MS`. */
export const variableOf = (field: string): string =>
  `APLOMB_${words(field).replaceAll("-", "_").toUpperCase()}`

/** The fields that say which node of which cluster it is; the others say how it behaves. */
const whereabouts: ReadonlyArray<Field> = [
  "cluster",
  "node",
  "nodes",
  "data",
  "servers",
  "masters",
  "master",
  "groups"
]

/**
 * The environment for a node whose file says who and where it is: what somebody has set for a cluster that
 * runs elsewhere would send it there.
 */
export const withoutWhereabouts = (environment: NodeSources["environment"]): NodeSources["environment"] => {
  const variables = new Set(whereabouts.map(variableOf))
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !variables.has(name)))
}

export interface NodeSources {
  /** Path of a JSON file, and its text. */
  readonly file: { readonly path: string; readonly text: string } | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** By the name of the field. */
  readonly flags: Readonly<Partial<Record<Field, string>>>
}

const lists: ReadonlySet<string> = new Set<Field>(["nodes", "servers", "masters"])

/** Text from a flag or a variable as the value that its field takes. */
const fieldValue = (field: Field, text: string): unknown => {
  if (lists.has(field)) return listOf(text)
  if (field === "groups") return parseJson(text)
  return /(Ms|Bytes|Count|Max|Drift)$/.test(field) && /^-?\d+(\.\d+)?$/.test(text.trim())
    ? Number(text)
    : text
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: the check of the field refuses the text and says what it wants.
    return text
  }
}

/** Reads the file of a configuration. */
export const readConfigFile = (path: string): Effect.Effect<NodeSources["file"], CommandFailed> =>
  Effect.try({
    try: () => ({ path, text: readFileSync(path, "utf8") }),
    catch: (cause) =>
      usageFailure(`the configuration file ${path} cannot be read: ${(cause as Error).message}`)
  })

const fileFields = Effect.fnUntraced(function* (file: NodeSources["file"]) {
  if (file === undefined) return {}
  const plain = yield* Effect.try({
    try: (): unknown => JSON.parse(file.text),
    catch: (cause) =>
      usageFailure(`the configuration file ${file.path} is not JSON: ${(cause as Error).message}`)
  })
  if (typeof plain === "object" && plain !== null && !Array.isArray(plain)) return plain
  return yield* usageFailure(`the configuration file ${file.path} must hold one JSON object`)
})

/**
 * The configuration of a node from all its sources. Fails with exit code 2; the message names the field and
 * where its value came from.
 */
export const mergeNodeConfig = Effect.fnUntraced(function* (sources: NodeSources) {
  const { file, environment, flags } = sources
  const merged: Record<string, unknown> = {}
  const origin = new Map<string, string>()
  for (const [field, value] of Object.entries(yield* fileFields(file))) {
    merged[field] = value
    origin.set(field, `the file ${file!.path}`)
  }
  for (const field of nodeFields) {
    const variable = environment[variableOf(field)]
    if (variable !== undefined && variable !== "") {
      merged[field] = fieldValue(field, variable)
      origin.set(field, `the variable ${variableOf(field)}`)
    }
    const flag = flags[field]
    if (flag === undefined) continue
    merged[field] = fieldValue(field, flag)
    origin.set(field, `the flag --${flagOf(field)}`)
  }
  return yield* nodeConfig(merged).pipe(
    Effect.mapError((error: ConfigInvalid) => usageFailure(explain(error.problem, origin)))
  )
})

/** The problem as a sentence: the field as its source spells it, and the source. */
const explain = (problem: string, origin: ReadonlyMap<string, string>): string => {
  const [what = "", at = ""] = problem.split(/\n\s*at /)
  const field = /^\["([^"]+)"\]/.exec(at)?.[1] ?? /"(\w+)"/.exec(what)?.[1]
  if (field === undefined) return problem
  const from = origin.get(field)
  // It fell to its default, and does not go with what was given.
  if (from === undefined && at === "") return problem
  if (from === undefined) {
    const ways = `--${flagOf(field)}, ${variableOf(field)} or "${field}" in the configuration file`
    return `the configuration has no "${field}": give ${ways}`
  }
  if (!(nodeFields as ReadonlyArray<string>).includes(field))
    return `"${field}" (from ${from}) is no field of the configuration; there are ${nodeFields.join(", ")}`
  const inner = at.slice(`["${field}"]`.length)
  const named = `"${field}": `
  const plain = what.startsWith(named) ? what.slice(named.length) : what
  return `"${field}"${inner} (from ${from}) cannot be used: ${plain}`
}
