/** Joins the events of a history to operations: an invocation and what became of it. */
import { type Fault, fieldFault, type HistoryEvent, type Names, parseLine, usualNames } from "./format.ts"
import { type Json, type Key, keyOf, type Operation, showJson } from "./operation.ts"

/** How the key of an operation is found. */
export interface PairingOptions {
  /**
   * Every value is `[key, value]`, as Jepsen's independent workloads write them. Left out: taken to be so
   * if no line has a key and every invocation, reads included, has a list of two for its value; never with
   * a model of one's own. Where nothing is read each cas decides, and one that may be meant either way is a
   * fault.
   */
  readonly independent?: boolean | undefined
  /** What is there before the first write; left out: null. */
  readonly initial?: Json | undefined
}

/** A history that was read. */
interface History {
  readonly _tag: "History"
  /** In order of invocation. */
  readonly operations: ReadonlyArray<Operation>
  /** Lines that no client wrote, hence left out. */
  readonly skippedLines: number
  /** The first of them, counted from 1; 0 = there is none. */
  readonly firstSkipped: number
  /** Lines whose `time` is before that of a line above them. */
  readonly earlier: SomeLines
  /** Lines on which a process invoked while the operation before had not returned. */
  readonly abandoning: SomeLines
  readonly independent: boolean
}

/** Some of the lines: how many, and the first of them, 0 = there is none. */
export interface SomeLines {
  readonly lines: number
  readonly first: number
}

const noLines: SomeLines = { lines: 0, first: 0 }

const oneMore = ({ lines, first }: SomeLines, line: number): SomeLines => ({
  lines: lines + 1,
  first: first || line
})

/** An operation while it may still change, with the values as they stand in the file. */
type Draft = { -readonly [Name in keyof Operation]: Operation[Name] } & { hasKey: boolean }

const isPair = (value: Json | undefined): value is readonly [Json, Json] =>
  Array.isArray(value) && value.length === 2

const isRead = (f: string): boolean => f === "read" || f === "get"

const looksIndependent = (drafts: ReadonlyArray<Draft>, initial: Json): boolean | Fault => {
  let reads = 0
  for (const draft of drafts) {
    if (draft.hasKey || !isPair(draft.input)) return false
    if (draft.f === "cas" && !isPair(draft.input[1])) return false
    if (isRead(draft.f)) reads++
  }
  return reads > 0 || keyedByCas(drafts, initial)
}

/**
 * Whether a cas that has `[this, [a, b]]` for its value compares the object `this`, and not the value, in a
 * history of such values that reads nothing. Of one object all values but the first are lists of two.
 */
const keyedByCas = (drafts: ReadonlyArray<Draft>, initial: Json): boolean | Fault => {
  const [keys, values] = [new Set<Key>(), new Set<Key>([keyOf(initial)])]
  const compared: Array<Json> = []
  let first: Draft | undefined
  for (const draft of drafts) {
    const [head, tail] = draft.input as readonly [Json, Json]
    if (draft.f === "cas") {
      first ??= draft
      compared.push(head)
      values.add(keyOf(tail))
    } else {
      keys.add(keyOf(head))
      values.add(keyOf(draft.input as Json))
    }
  }
  // Writes alone are explained by any order of them, whatever they are to.
  if (first === undefined) return false
  if (compared.some((head) => !isPair(head) && keyOf(head) !== keyOf(initial))) return true
  const isKey = compared.some((head) => keys.has(keyOf(head)))
  const isValue = compared.some((head) => values.has(keyOf(head)))
  if (isKey !== isValue) return isKey
  const { call, input } = first
  const either = "[from, to] or [key, [from, to]], and nothing is read that tells which"
  const message = `line ${call}: field \`value\` of cas is ${showJson(input)}, which may be ${either}`
  return { _tag: "Fault", line: call, field: "value", message: `${message}: write the key as \`key\`` }
}

/** What a read was told, under the key that it had asked for. */
const unpackRead = (draft: Draft): Fault | undefined => {
  const { call, done, key, output } = draft
  if (!isPair(output)) return fieldFault(done, "value", output, "[key, value]")
  if (keyOf(output[0]) !== key)
    return fieldFault(done, "value", output, `[key, value] of the key that was invoked on line ${call}`)
  draft.output = output[1]
  return undefined
}

const unpack = (draft: Draft): Fault | undefined => {
  const given = draft.input ?? draft.output
  if (!isPair(given)) return fieldFault(draft.call, "value", given, "[key, value], for keys are independent")
  draft.key = keyOf(given[0])
  if (draft.input !== undefined) draft.input = given[1]
  if (draft.output === undefined) return undefined
  if (draft.outcome !== "ok") draft.output = undefined
  else if (isRead(draft.f)) return unpackRead(draft)
  else if (isPair(draft.output)) draft.output = draft.output[1]
  return undefined
}

/** Reads events one line at a time and pairs each outcome with the invocation that its process made last. */
class Pairing {
  private readonly drafts: Array<Draft> = []
  private readonly waiting = new Map<number | string, Draft>()
  private skippedLines = 0
  private firstSkipped = 0
  private latest = Number.NEGATIVE_INFINITY
  private earlier = noLines
  private abandoning = noLines
  private readonly names: Names

  constructor(names: Names) {
    this.names = names
  }

  add(text: string, line: number): Fault | undefined {
    const event = parseLine(text, line, this.names)
    if (event === "blank") return undefined
    if (event === "skipped") {
      if (this.skippedLines++ === 0) this.firstSkipped = line
      return undefined
    }
    if (event._tag === "Fault") return event
    this.noteTime(event)
    return event.type === "invoke" ? this.invoke(event) : this.complete(event)
  }

  private noteTime({ time, line }: HistoryEvent): void {
    if (time === undefined) return
    if (time >= this.latest) this.latest = time
    else this.earlier = oneMore(this.earlier, line)
  }

  private invoke(event: HistoryEvent): undefined {
    const draft: Draft = {
      process: event.process,
      f: event.f,
      key: event.key === undefined ? null : keyOf(event.key),
      hasKey: event.key !== undefined,
      input: event.value,
      output: undefined,
      outcome: "open",
      call: event.line,
      done: Number.POSITIVE_INFINITY,
      version: undefined
    }
    this.drafts.push(draft)
    if (this.waiting.has(event.process)) this.abandoning = oneMore(this.abandoning, event.line)
    // What the process had asked before and never heard of stays open.
    this.waiting.set(event.process, draft)
  }

  private complete(event: HistoryEvent): Fault | undefined {
    const draft = this.waiting.get(event.process)
    const { line, process } = event
    if (draft === undefined) {
      const outcome = `"${event.type}" of ${event.f}`
      const message = `line ${line}: process ${process} reports ${outcome}, but has no operation open`
      return { _tag: "Fault", line, field: "process", message }
    }
    if (draft.f !== event.f)
      return fieldFault(line, "f", event.f, `"${draft.f}", as invoked on line ${draft.call}`)
    if (event.key !== undefined && draft.hasKey && keyOf(event.key) !== draft.key) {
      return fieldFault(line, "key", event.key, `the key that was invoked on line ${draft.call}`)
    }
    this.waiting.delete(process)
    if (!draft.hasKey && event.key !== undefined) {
      draft.key = keyOf(event.key)
      draft.hasKey = true
    }
    if (event.type === "info") return undefined
    draft.outcome = event.type === "fail" ? "fail" : "ok"
    if (event.type === "fail" && event.error) draft.untried = true
    draft.output = event.value
    draft.done = line
    draft.version = event.version
    return undefined
  }

  finish(options: PairingOptions): History | Fault {
    const { initial = null } = options
    const independent =
      options.independent ?? (this.names === usualNames && looksIndependent(this.drafts, initial))
    if (typeof independent !== "boolean") return independent
    if (independent) {
      for (const draft of this.drafts) {
        const fault = unpack(draft)
        if (fault !== undefined) return fault
      }
    }
    const { drafts: operations, skippedLines, firstSkipped, earlier, abandoning } = this
    return { _tag: "History", operations, skippedLines, firstSkipped, earlier, abandoning, independent }
  }
}

/**
 * Reads a history, one JSON object a line.
 *
 * @param lines the lines, without their line ends; blank ones are allowed.
 * @param names what operations may be called.
 * @returns the operations in order of invocation, or the first fault of the input.
 */
export const readHistory = (
  lines: Iterable<string>,
  options: PairingOptions,
  names: Names = usualNames
): History | Fault => {
  const pairing = new Pairing(names)
  let line = 0
  for (const text of lines) {
    const fault = pairing.add(text, ++line)
    if (fault !== undefined) return fault
  }
  return pairing.finish(options)
}
