/**
 * The key-value machine: put, get, delete, compare-and-set on revision, list by prefix; revisions are slots.
 */
import sorted, { type ISortedMap } from "sorted-btree"
import { type At, type Form, type Machine, misfit } from "../protocol/learner/machine.ts"

// The package is CommonJS: under native modules its class is the default of the default, under bundlers the
// default.
const BTree = sorted.default ?? (sorted as unknown as typeof sorted.default)

/** Text or bytes, as it was put. */
export type KvValue = string | Uint8Array

export interface KvEntry {
  readonly key: string
  readonly value: KvValue
  /** Slot of the command that wrote the value. */
  readonly revision: number
}

export type KvCommand =
  | { readonly _tag: "Put"; readonly key: string; readonly value: KvValue }
  | { readonly _tag: "Delete"; readonly key: string }
  /** Writes only if the key is at `revision`; 0 means that it must be absent. */
  | {
      readonly _tag: "CompareAndSet"
      readonly key: string
      readonly revision: number
      readonly value: KvValue
    }

/**
 * `revision` is the key's now (0: absent). `changed` says whether this command wrote: false for a
 * compare-and-set that found another revision and for a delete that found nothing.
 */
export interface KvReply {
  readonly changed: boolean
  readonly revision: number
}

export type KvQuestion =
  | { readonly _tag: "Get"; readonly key: string }
  /**
   * Entries with the prefix in key order, `limit` of them at most: those behind the key `after`, which may be
   * the empty one, or from the beginning.
   */
  | {
      readonly _tag: "List"
      readonly prefix: string
      readonly after: string | undefined
      readonly limit: number
    }

/** Get answers with one entry or none. */
export interface KvAnswer {
  readonly entries: ReadonlyArray<KvEntry>
  /** There are more behind the last one. */
  readonly more: boolean
}

interface Held {
  readonly value: KvValue
  readonly revision: number
}

/**
 * Ordered by key (by UTF-16 units, as JavaScript compares strings: the same everywhere). What is used of the
 * tree, for its class has two names (above), and a published type can have one.
 */
export interface KvState extends ISortedMap<string, Held> {
  toArray(): Array<[string, Held]>
  clone(): KvState
}

const compareKeys = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const emptyState = (): KvState => new BTree<string, Held>(undefined, compareKeys)

/** A view of bytes can keep a whole network buffer alive: what is kept is a copy. */
const own = (value: KvValue): KvValue => (typeof value === "string" ? value : new Uint8Array(value))

const preview = (state: KvState, command: KvCommand, at: At): KvReply => {
  switch (command._tag) {
    case "Put":
      return { changed: true, revision: at.slot }
    case "Delete":
      return { changed: state.has(command.key), revision: 0 }
    case "CompareAndSet": {
      const revision = state.get(command.key)?.revision ?? 0
      return revision === command.revision
        ? { changed: true, revision: at.slot }
        : { changed: false, revision }
    }
  }
}

const apply = (state: KvState, command: KvCommand, at: At): readonly [KvState, KvReply] => {
  const reply = preview(state, command, at)
  if (reply.changed) {
    if (command._tag === "Delete") state.delete(command.key)
    else state.set(command.key, { value: own(command.value), revision: at.slot })
  }
  return [state, reply]
}

/** A list ends before it outgrows one message of the bus; there is more, and it can be asked for. */
const answerMaxUnits = 128 * 1024

const answer = (state: KvState, question: KvQuestion): KvAnswer => {
  if (question._tag === "Get") {
    const held = state.get(question.key)
    return { entries: held === undefined ? [] : [{ key: question.key, ...held }], more: false }
  }
  const { prefix, after, limit } = question
  const entries: Array<KvEntry> = []
  let size = 0
  const start = after !== undefined && compareKeys(after, prefix) > 0 ? after : prefix
  for (const [key, held] of state.entries(start)) {
    if (!key.startsWith(prefix)) break
    if (key === after) continue
    size += key.length + held.value.length
    if (entries.length === limit || (size > answerMaxUnits && entries.length > 0))
      return { entries, more: true }
    entries.push({ key, ...held })
  }
  return { entries, more: false }
}

const isText = (value: unknown): value is string => typeof value === "string"
const isValue = (value: unknown): value is KvValue => isText(value) || value instanceof Uint8Array
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const shown = (value: unknown): string =>
  value === null || !["object", "string", "function", "symbol"].includes(typeof value)
    ? String(value)
    : `a value of type ${typeof value}`

/**
 * What a caller gives, checked where it goes out: in the log it would take a slot on every disk before it is
 * refused. Half a character cannot be written as bytes and read back: two such keys would become one, and a
 * prefix another one.
 */
const whole = <T>(name: string, value: T): T => {
  if (typeof value !== "string" || value.isWellFormed()) return value
  throw new TypeError(`the ${name} holds half a character (a lone surrogate)`)
}

const textFor = (name: string, value: unknown): string => {
  if (isText(value)) return whole(name, value)
  throw new TypeError(`the ${name} is ${shown(value)}; give text`)
}

const valueFor = (value: unknown): KvValue => {
  if (isValue(value)) return whole("value", value)
  throw new TypeError(`the value is ${shown(value)}; give text or bytes (a Uint8Array)`)
}

const revisionFor = (value: unknown): number => {
  if (isCount(value)) return value
  throw new TypeError(
    `the revision is ${shown(value)}; give the one that was read, or 0 for a key that is absent`
  )
}

/** Arrays of fixed shape: what a command costs on every replica is mostly reading it. */
const command: Form<KvCommand> = {
  encode: (value) => {
    switch (value._tag) {
      case "Put":
        return ["p", textFor("key", value.key), valueFor(value.value)]
      case "Delete":
        return ["d", textFor("key", value.key)]
      case "CompareAndSet":
        return ["c", textFor("key", value.key), valueFor(value.value), revisionFor(value.revision)]
    }
  },
  decode: (plain) => {
    if (!Array.isArray(plain)) return misfit
    const [tag, key, value, revision] = plain
    if (!isText(key)) return misfit
    if (tag === "p" && isValue(value)) return { _tag: "Put", key, value }
    if (tag === "d") return { _tag: "Delete", key }
    if (tag === "c" && isValue(value) && isCount(revision))
      return { _tag: "CompareAndSet", key, value, revision }
    return misfit
  }
}

const reply: Form<KvReply> = {
  encode: ({ changed, revision }) => [changed, revision],
  decode: (plain) => {
    if (!Array.isArray(plain)) return misfit
    const [changed, revision] = plain
    return typeof changed === "boolean" && isCount(revision) ? { changed, revision } : misfit
  }
}

const question: Form<KvQuestion> = {
  encode: (value) =>
    value._tag === "Get"
      ? ["g", textFor("key", value.key)]
      : ["l", textFor("prefix", value.prefix), value.after ?? null, value.limit],
  decode: (plain) => {
    if (!Array.isArray(plain)) return misfit
    const [tag, first, after, limit] = plain
    if (!isText(first)) return misfit
    if (tag === "g") return { _tag: "Get", key: first }
    return tag === "l" && (isText(after) || after === null) && isCount(limit)
      ? { _tag: "List", prefix: first, after: after ?? undefined, limit }
      : misfit
  }
}

const decodeEntry = (plain: unknown): KvEntry | undefined => {
  if (!Array.isArray(plain)) return undefined
  const [key, value, revision] = plain
  return isText(key) && isValue(value) && isCount(revision) ? { key, value, revision } : undefined
}

const decodeEntries = (plain: ReadonlyArray<unknown>): ReadonlyArray<KvEntry> | undefined => {
  const entries = plain.map(decodeEntry)
  return entries.every((entry) => entry !== undefined) ? entries : undefined
}

const answerForm: Form<KvAnswer> = {
  encode: ({ entries, more }) => [more, entries.map(({ key, value, revision }) => [key, value, revision])],
  decode: (plain) => {
    if (!Array.isArray(plain) || typeof plain[0] !== "boolean" || !Array.isArray(plain[1])) return misfit
    const entries = decodeEntries(plain[1])
    return entries === undefined ? misfit : { entries, more: plain[0] }
  }
}

const stateForm: Form<KvState> = {
  encode: (state) => state.toArray().map(([key, { value, revision }]) => [key, value, revision]),
  decode: (plain) => {
    const entries = Array.isArray(plain) ? decodeEntries(plain) : undefined
    if (entries === undefined) return misfit
    return new BTree(
      entries.map(({ key, value, revision }) => [key, { value, revision }]),
      compareKeys
    )
  }
}

const partMaxUnits = 32 * 1024
const partMaxEntries = 512

/** The tree shares its nodes with the copy and makes new ones where it is changed: the copy costs nothing. */
function* splitState(frozen: KvState): Generator<unknown> {
  let part: Array<unknown> = []
  let units = 0
  for (const [key, { value, revision }] of frozen.entries()) {
    part.push([key, value, revision])
    units += key.length + value.length
    if (units < partMaxUnits && part.length < partMaxEntries) continue
    yield part
    part = []
    units = 0
  }
  if (part.length > 0) yield part
}

const joinState = () => {
  const state: KvState = emptyState()
  return {
    add: (part: unknown) => {
      const entries = Array.isArray(part) ? decodeEntries(part) : undefined
      if (entries === undefined) return false
      for (const { key, value, revision } of entries) state.set(key, { value: own(value), revision })
      return true
    },
    state: () => state
  }
}

/** The key-value machine of a group. */
export const kvMachine: Machine<KvState, KvCommand, KvReply, KvQuestion, KvAnswer> = {
  name: "kv",
  version: 1,
  initial: emptyState,
  apply,
  preview,
  answer,
  parts: { split: (state) => splitState(state.clone()), join: joinState },
  forms: { state: stateForm, command, reply, question, answer: answerForm }
}
