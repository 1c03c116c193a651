/**
 * What a history is made of: operations of clients on an object, each between its invocation and its
 * return.
 */

/** A value as JSON knows it. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

/** A value that a `Map` can tell apart; lists and records stand as their canonical text. */
export type Key = null | boolean | number | string

/**
 * One operation. `call` and `done` are positions in the order of events (line numbers, for a history read
 * from a file); an operation whose outcome nobody knows is `open`: its `done` is infinite, it may take
 * effect at any time after `call`, or never.
 */
export interface Operation {
  readonly process: number | string
  readonly f: string
  readonly key: Key
  readonly input: Json | undefined
  readonly output: Json | undefined
  readonly outcome: "ok" | "fail" | "open"
  /** A failure with an error: it was never tried, so it tells nothing of what was there. */
  readonly untried?: boolean
  readonly call: number
  readonly done: number
  /**
   * Position of the operation in the order that the system itself claims (a slot, a revision), if it says
   * so.
   */
  readonly version: number | undefined
}

const jsonText = (value: Json): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`
  const record = value as { readonly [name: string]: Json }
  const names = Object.keys(record).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${jsonText(record[name]!)}`).join(",")}}`
}

/** A key that equals another exactly if the two values are equal as JSON. */
export const keyOf = (value: Json): Key => {
  // A text that begins as a canonical one does stands as one itself, and equals no list.
  if (typeof value === "string") return value.startsWith("\u0000") ? `\u0000${jsonText(value)}` : value
  return value !== null && typeof value === "object" ? `\u0000${jsonText(value)}` : value
}

/** A key as it may be printed: lists and records as their JSON text. */
export const shownKey = (key: Key): Key =>
  typeof key === "string" && key.startsWith("\u0000") ? key.slice(1) : key

/** A value as a person reads it. */
export const showJson = (value: Json | undefined): string =>
  value === undefined
    ? "?"
    : typeof value === "string" && value.startsWith("\u0000")
      ? value.slice(1)
      : jsonText(value)

/** Numbers for values: equal values get equal numbers, so that the search compares integers. */
export class Values {
  private readonly ids = new Map<Key, number>()
  private readonly all: Array<Json> = []

  id(value: Json): number {
    const key = keyOf(value)
    const known = this.ids.get(key)
    if (known !== undefined) return known
    const id = this.all.length
    this.ids.set(key, id)
    this.all.push(value)
    return id
  }

  value(id: number): Json {
    return this.all[id]!
  }
}
