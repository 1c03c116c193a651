/**
 * The records of a file to be loaded: JSON Lines or key TAB value, a line each; what is wrong with a line is
 * a sentence.
 */
import type { KvValue } from "../../machines/kv.ts"

export interface LoadRecord {
  readonly key: string
  readonly value: KvValue
}

export type LoadFormat = "jsonl" | "tsv"

/** The format that a file's name tells: .tsv and .txt are tab-separated, everything else is JSON Lines. */
export const formatOf = (path: string): LoadFormat => (/\.(tsv|txt)$/i.test(path) ? "tsv" : "jsonl")

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * A record; undefined for an empty line; a sentence that says what was expected for any other line that is
 * none.
 */
export const parseRecord = (line: string, format: LoadFormat): LoadRecord | undefined | string => {
  if (line === "" || line === "\r") return undefined
  const text = line.endsWith("\r") ? line.slice(0, -1) : line
  return format === "tsv" ? parseTsv(text) : parseJsonLine(text)
}

const parseTsv = (text: string): LoadRecord | string => {
  const tab = text.indexOf("\t")
  if (tab < 0) return "expected key TAB value, found no tab"
  return { key: text.slice(0, tab), value: text.slice(tab + 1) }
}

const expected = `expected {"key":"...","value":"..."} or {"key":"...","base64":"..."}`

const parseJsonLine = (text: string): LoadRecord | string => {
  let plain: unknown
  try {
    plain = JSON.parse(text)
  } catch (cause) {
    return `${expected}, found no JSON: ${(cause as Error).message}`
  }
  if (typeof plain !== "object" || plain === null || Array.isArray(plain))
    return `${expected}, found no object`
  const { key, value, base64 } = plain as { readonly [field: string]: unknown }
  if (typeof key !== "string") return `${expected}; "key" is not text`
  if (value !== undefined && base64 !== undefined)
    return `${expected}; there are both a "value" and a "base64"`
  if (typeof value === "string") return { key, value }
  if (value !== undefined) return `${expected}; "value" is not text`
  if (typeof base64 !== "string") return `${expected}; there is neither a "value" nor a "base64"`
  if (!base64Pattern.test(base64)) return `${expected}; "base64" is not base64`
  return { key, value: Buffer.from(base64, "base64") }
}
