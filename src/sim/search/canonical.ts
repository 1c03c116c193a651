/**
 * Values as texts that are equal for equal values: how parts of a state are told apart, also under other
 * names of nodes.
 */
import type { Run } from "../../protocol/log/run.ts"

/** Another name for each node; the nodes themselves are what they were. */
export type Renaming = ReadonlyMap<string, string>

/**
 * Fields that decide nothing in a model: sizes, intervals, sentences for people, and what only timers read.
 */
const ignored = new Set([
  "settings",
  "moved",
  "beatRound",
  "toldAfter",
  "busyAtMs",
  "askedAtMs",
  "beatMs",
  "pendingBytes",
  "reason",
  "stretches",
  "last",
  "storage"
])
/** `last` of a log follows from its entries; that of a leader does not. */
const keepsLast = (value: object): boolean => !("stretches" in value)

/** Lists whose order decides nothing. */
const unordered = new Set(["acceptors", "drained", "seats"])
/** Fields that hold the name of a node. */
const renamed = new Set(["node", "to", "from", "drained"])

/**
 * The text of a value. Runs are written entry by entry: how a log is cut into runs decides nothing.
 */
export const canonical = (value: unknown, names: Renaming): string => write(value, "", names)

const write = (value: unknown, field: string, names: Renaming): string => {
  if (typeof value === "string") return renamed.has(field) ? (names.get(value) ?? value) : value
  if (typeof value === "number" || typeof value === "boolean" || value === null) return `${value}`
  if (value === undefined || typeof value === "function") return "-"
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex")
  if (value instanceof Map) {
    const entries = [...value].map(
      ([key, of]) => `${names.get(String(key)) ?? String(key)}:${write(of, "", names)}`
    )
    return `{${entries.sort().join()}}`
  }
  if (Array.isArray(value)) {
    if (field === "runs") return `[${value.flatMap(entriesOf).join()}]`
    const items = value.map((item) => write(item, field, names))
    return `[${(unordered.has(field) ? items.sort() : items).join()}]`
  }
  return writeFields(value as Record<string, unknown>, names)
}

const writeFields = (value: Record<string, unknown>, names: Renaming): string => {
  const fields: Array<string> = []
  for (const name of Object.keys(value)) {
    if (ignored.has(name) && !(name === "last" && keepsLast(value))) continue
    const of = value[name]
    if (of !== undefined && typeof of !== "function") fields.push(`${name}=${write(of, name, names)}`)
  }
  return `(${fields.sort().join()})`
}

const entriesOf = (run: Run): ReadonlyArray<string> => {
  const entries: Array<string> = []
  const view = Buffer.from(run.bytes)
  for (let at = 0; at < view.length; ) {
    const end = at + 4 + view.readUInt32LE(at)
    entries.push(`${run.first + entries.length}@${run.ballot}.${run.atMs}.${view.toString("hex", at, end)}`)
    at = end
  }
  return entries
}

/** Two independent hashes of a text, 32 bits each. */
export const hashText = (text: string): readonly [number, number] => {
  let a = 0xdead_beef
  let b = 0x41c6_ce57
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = Math.imul(a ^ code, 0x9e37_79b1)
    b = Math.imul(b ^ code, 0x5f35_6495)
    a ^= a >>> 15
    b ^= b >>> 13
  }
  a = Math.imul(a ^ (a >>> 16), 0x85eb_ca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2_ae35)
  b = Math.imul(b ^ (b >>> 16), 0x2c1b_3c6d) ^ Math.imul(a ^ (a >>> 13), 0x297a_2d39)
  return [a ^ (a >>> 16), b ^ (b >>> 15)]
}
