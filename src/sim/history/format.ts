/**
 * One line of a history file: JSON in, a checked event out, or a sentence that says what is wrong and
 * where.
 */
import { messageOf } from "../../runtime/message-of.ts"
import type { Json } from "./operation.ts"
import { twiceIn } from "./twice.ts"

/** Why an input is not understood. `line` counts from 1; 0 = the history as a whole. */
export interface Fault {
  readonly _tag: "Fault"
  readonly line: number
  readonly field: string | undefined
  readonly message: string
}

/** An event of a client: it asked for something, or it learned what came of it. */
export interface HistoryEvent {
  readonly _tag: "Event"
  readonly line: number
  readonly process: number | string
  readonly type: "invoke" | "ok" | "fail" | "info"
  readonly f: string
  readonly key: Json | undefined
  readonly value: Json | undefined
  readonly version: number | undefined
  /** The line names an error. */
  readonly error: boolean
  /** When it was, in whatever unit; the order of the lines decides. */
  readonly time: number | undefined
}

const types = new Set(["invoke", "ok", "fail", "info"])

const plainNames: ReadonlyMap<string, string> = new Map([
  ["r", "read"],
  ["w", "write"],
  ["compare-and-set", "cas"],
  ["compare_and_set", "cas"],
  ["del", "delete"],
  ["remove", "delete"]
])

const knownNames = new Map<string, string>(
  ["read", "write", "cas", "get", "put", "set", "delete", "append"].map((name) => [name, name])
)
for (const [name, plain] of plainNames) knownNames.set(name, plain)

/** What operations may be called. */
export interface Names {
  /** The plain name of an operation ("w" is "write"), or nothing if no model knows it. */
  readonly plain: (f: string) => string | undefined
  /** As a sentence lists them. */
  readonly list: string
}

/** The names that the two models know which need no writing. */
export const usualNames: Names = {
  plain: (f) => knownNames.get(f) ?? knownNames.get(bare(f)),
  list: [...knownNames.keys()].join(", ")
}

/** The names of a model of one's own; where it lists none every name is one. */
export const namesOf = (operations: ReadonlyArray<string> | undefined): Names => {
  if (operations === undefined) return { plain: (f) => f, list: "any text" }
  const known = (f: string) => (operations.includes(f) ? f : undefined)
  return { plain: (f) => known(f) ?? known(bare(f)), list: operations.join(", ") }
}

/** Names as exporters of Jepsen histories write them (":read", "Read") without their decoration. */
const bare = (name: string): string => (name.startsWith(":") ? name.slice(1) : name).trim().toLowerCase()

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** A fault about one field, as "line 3: field `type` is 7; expected ...". */
export const fieldFault = (line: number, field: string, value: unknown, expected: string): Fault => {
  const found = value === undefined ? "missing" : shown(value)
  const message = `line ${line}: field \`${field}\` is ${found}; expected ${expected}`
  return { _tag: "Fault", line, field, message }
}

/** An integer that a number cannot tell from its neighbours, or what is beyond all numbers. */
class Inexact {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

const keepInexact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  const source = context?.source
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value
  return Number.isInteger(value) || !Number.isFinite(value) ? new Inexact(source) : value
}

const findInexact = (value: unknown): Inexact | undefined => {
  if (value instanceof Inexact) return value
  if (typeof value !== "object" || value === null) return undefined
  for (const part of Object.values(value)) {
    const found = findInexact(part)
    if (found !== undefined) return found
  }
  return undefined
}

/** Fields whose values are compared: two integers that are read as one would hide what happened. */
const comparedFields = ["process", "key", "value", "version"]

const inexactFault = (fields: Readonly<Record<string, unknown>>, line: number): Fault | undefined => {
  for (const field of comparedFields) {
    const found = findInexact(fields[field])
    if (found === undefined) continue
    return problemFault(line, field, `has ${found.source}, which is beyond 2^53; write it as a string`)
  }
  return undefined
}

/** Most lines have no number so large, and are read the fast way. */
const largeNumber = /\d{16}|\d[eE]\+?\d/

/** Values are walked by recursion. */
const levelsMax = 1000
const tooDeep = `is nested more than ${levelsMax} levels deep`

const isDeep = (value: unknown, levels = levelsMax): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((part) => isDeep(part, levels - 1)))

/** Fields of which anything is shown, or compared. */
const readFields = ["process", "type", "f", "key", "value", "version"]

/** A fault about a field that is not as it looks, as "line 3: field `value` stands there twice". */
const problemFault = (line: number, field: string, problem: string): Fault => ({
  _tag: "Fault",
  line,
  field,
  message: `line ${line}: field \`${field}\` ${problem}`
})

/** What is wrong with fields before anybody asks what they say. */
const formFault = (
  fields: Readonly<Record<string, Json>>,
  content: string,
  line: number
): Fault | undefined => {
  const deep = readFields.find((field) => isDeep(fields[field]))
  if (deep !== undefined) return problemFault(line, deep, tooDeep)
  const twice = twiceIn(content, fields)
  if (twice !== undefined && [...readFields, "error", "time"].includes(twice))
    return problemFault(line, twice, "stands there twice, or has a field that does: which one is meant?")
  return largeNumber.test(content) ? inexactFault(fields, line) : undefined
}

/** The object on a line, or a sentence that says what stands there instead. */
const parseObject = (text: string): Readonly<Record<string, Json>> | string => {
  try {
    const parsed: unknown = largeNumber.test(text) ? JSON.parse(text, keepInexact) : JSON.parse(text)
    if (parsed !== null && typeof parsed === "object" && !Array.isArray(parsed)) {
      return parsed as Record<string, Json>
    }
    return `found ${shown(parsed)}`
  } catch (error) {
    // Text is read by recursion only where a number is large, and by code of nobody else.
    return error instanceof RangeError ? `a value ${tooDeep}` : messageOf(error)
  }
}

const isClient = (process: Json | undefined): boolean =>
  typeof process === "number" || (typeof process === "string" && /^\d+$/.test(process))

/**
 * Reads one line (without its line end).
 *
 * @returns the event; "blank" for an empty line; "skipped" for a line that no client wrote (a nemesis); or
 * a fault.
 */
export const parseLine = (
  text: string,
  line: number,
  names: Names
): HistoryEvent | "blank" | "skipped" | Fault => {
  const content = line === 1 && text.startsWith("\uFEFF") ? text.slice(1) : text
  if (content.trim() === "") return "blank"
  const fields = parseObject(content)
  if (typeof fields === "string") {
    return {
      _tag: "Fault",
      line,
      field: undefined,
      message: `line ${line}: expected a JSON object; ${fields}`
    }
  }
  const fault = formFault(fields, content, line)
  if (fault !== undefined) return fault
  const process = fields["process"]
  const f = fields["f"]
  const name = typeof f === "string" ? names.plain(f) : undefined
  if (typeof process === "string" && !isClient(process) && name === undefined) return "skipped"
  if (typeof process !== "number" && typeof process !== "string") {
    return fieldFault(line, "process", process, "a number or a string")
  }
  const rawType = fields["type"]
  const type = typeof rawType === "string" ? (types.has(rawType) ? rawType : bare(rawType)) : ""
  if (!types.has(type)) return fieldFault(line, "type", rawType, '"invoke", "ok", "fail" or "info"')
  if (name === undefined) return fieldFault(line, "f", f, `one of ${names.list}`)
  const version = fields["version"]
  if (version !== undefined && version !== null && typeof version !== "number") {
    return fieldFault(line, "version", version, "a number")
  }
  return {
    _tag: "Event",
    line,
    process,
    type: type as HistoryEvent["type"],
    f: name,
    key: fields["key"],
    value: fields["value"],
    version: version ?? undefined,
    error: fields["error"] !== undefined && fields["error"] !== null,
    time: typeof fields["time"] === "number" ? fields["time"] : undefined
  }
}
