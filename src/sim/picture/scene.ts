/** What a picture of a run shows: lanes, messages between them, and what happened on each, out of a trace. */
import type { TraceEntry } from "../trace/trace.ts"

/** A client's operation, drawn as a bar on the lane of its process; one without an end was never answered. */
export interface PictureOperation {
  readonly process: string
  readonly label: string
  readonly startMicros: number
  readonly endMicros: number | undefined
  /** What came of it, such as `ok` or `unknown`. */
  readonly outcome: string
}

export interface Lane {
  readonly name: string
  readonly kind: "world" | "client" | "node"
}

/** A message. Lanes by number, times in microseconds. */
export interface Arrow {
  readonly from: number
  readonly to: number
  readonly sentMicros: number
  readonly atMicros: number
  readonly label: string
  readonly kind: string
  readonly ballot?: number
  /** Why it never arrived. */
  readonly lost?: string
}

/** Something that happened at an instant. */
export interface Mark {
  readonly lane: number
  readonly atMicros: number
  readonly glyph: "kill" | "boot" | "fault" | "note"
  readonly label: string
}

/** Something that lasted: down, frozen, a fault, an operation, or the highest ballot a node had heard of. */
export interface Stretch {
  readonly lane: number
  readonly fromMicros: number
  readonly toMicros: number
  readonly kind: "down" | "frozen" | "fault" | "operation" | "open" | "ballot"
  readonly label: string
  readonly ballot?: number
}

export interface Scene {
  readonly lanes: ReadonlyArray<Lane>
  readonly arrows: ReadonlyArray<Arrow>
  readonly marks: ReadonlyArray<Mark>
  readonly stretches: ReadonlyArray<Stretch>
  readonly endMicros: number
}

const usual = new Set(["timeMicros", "kind", "node", "from", "to", "what", "sentMicros", "subject"])

const describe = (entry: TraceEntry): string => {
  // What somebody logged reads as it was said.
  if (entry.kind === "log") return `${entry["level"]}: ${entry["text"]}`
  return Object.entries(entry)
    .filter(([name]) => !usual.has(name))
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")
}

const numberOf = (entry: TraceEntry, name: string): number | undefined => {
  const value = entry[name]
  return typeof value === "number" ? value : undefined
}

/** What a message is called in the filters; a subject stands for what nobody described. */
const messageKind = (entry: TraceEntry): string => {
  if (entry.kind === "no-responders") return entry.kind
  if (entry["what"] !== undefined) return String(entry["what"])
  const subject = String(entry["subject"] ?? "unknown")
  return subject.startsWith("_INBOX.") ? "answer" : subject
}

const isDrop = (kind: string): boolean =>
  kind === "fault.loss" || kind === "fault.slow-consumer" || kind.endsWith("-drop")

class SceneBuilder {
  readonly arrows: Array<Arrow> = []
  readonly marks: Array<Mark> = []
  readonly stretches: Array<Stretch> = []
  readonly lanes: Array<Lane> = []
  readonly #laneOf = new Map<string, number>()
  readonly #down = new Map<number, { readonly fromMicros: number; readonly label: string }>()
  readonly #frozen = new Map<number, number>()
  readonly #ballots = new Map<number, { readonly fromMicros: number; readonly ballot: number }>()
  readonly #world: number
  #beginMicros = 0

  constructor(clients: ReadonlyArray<string>, nodes: ReadonlyArray<string>) {
    for (const name of clients) this.#addLane(name, "client")
    this.#world = this.#addLane("world", "world")
    for (const name of nodes) if (!this.#laneOf.has(name)) this.#addLane(name, "node")
  }

  /** Drops what was drawn so far; what lasts still begins here. */
  beginAt(atMicros: number): void {
    this.#beginMicros = atMicros
    this.arrows.length = 0
    this.marks.length = 0
    for (const stretch of this.stretches.splice(0)) if (stretch.toMicros > atMicros) this.#stretch(stretch)
  }

  #stretch(stretch: Stretch): void {
    const fromMicros = Math.max(stretch.fromMicros, this.#beginMicros)
    this.stretches.push({ ...stretch, fromMicros })
  }

  #addLane(name: string, kind: Lane["kind"]): number {
    this.#laneOf.set(name, this.lanes.length)
    return this.lanes.push({ name, kind }) - 1
  }

  lane(name: string): number {
    return this.#laneOf.get(name) ?? this.#world
  }

  add(entry: TraceEntry): void {
    const { kind, timeMicros: atMicros } = entry
    const lane = this.lane(entry.node)
    if (kind === "deliver" || kind === "no-responders") return this.#message(entry, undefined)
    if (isDrop(kind) && this.#laneOf.has(String(entry["from"])))
      return this.#message(entry, kind.slice("fault.".length))
    if (kind === "boot") return this.#boot(lane, atMicros, describe(entry))
    if (kind === "fault.kill" || kind === "process-ended" || kind === "stop")
      return this.#ends(lane, atMicros, entry)
    if (kind === "fault.freeze") this.#frozen.set(lane, atMicros)
    else if (kind === "thaw") return this.#thaw(lane, atMicros)
    const lastsMs = numberOf(entry, "durationMs") ?? numberOf(entry, "downMs")
    const isFault = kind.startsWith("fault.")
    const named = this.#laneOf.has(entry.node) ? "" : ` ${entry.node}`
    const label = `${isFault ? kind.slice("fault.".length) : kind}${named} ${describe(entry)}`.trim()
    if (isFault && lastsMs !== undefined) {
      const toMicros = atMicros + lastsMs * 1000
      this.stretches.push({ lane, fromMicros: atMicros, toMicros, kind: "fault", label })
    }
    this.marks.push({ lane, atMicros, glyph: isFault ? "fault" : "note", label })
  }

  #message(entry: TraceEntry, lost: string | undefined): void {
    const from = this.lane(String(entry["from"]))
    const to = this.lane(entry.node)
    const ballot = numberOf(entry, "ballot")
    const kind = messageKind(entry)
    const { timeMicros: atMicros } = entry
    const sentMicros = numberOf(entry, "sentMicros") ?? atMicros
    const label = describe(entry)
    const optional = { ...(ballot === undefined ? {} : { ballot }), ...(lost === undefined ? {} : { lost }) }
    this.arrows.push({ from, to, sentMicros, atMicros, label, kind, ...optional })
    if (ballot === undefined) return
    this.#hears(from, ballot, sentMicros)
    if (lost === undefined) this.#hears(to, ballot, atMicros)
  }

  #hears(lane: number, ballot: number, atMicros: number): void {
    const known = this.#ballots.get(lane)
    if (this.lanes[lane]?.kind !== "node" || (known !== undefined && known.ballot >= ballot)) return
    this.#endBallot(lane, atMicros)
    this.#ballots.set(lane, { fromMicros: atMicros, ballot })
  }

  #endBallot(lane: number, toMicros: number): void {
    const known = this.#ballots.get(lane)
    if (known === undefined) return
    const { fromMicros, ballot } = known
    this.#stretch({ lane, fromMicros, toMicros, kind: "ballot", label: `ballot ${ballot}`, ballot })
  }

  #boot(lane: number, atMicros: number, label: string): void {
    this.#up(lane, atMicros)
    this.marks.push({ lane, atMicros, glyph: "boot", label: `boot ${label}` })
  }

  #up(lane: number, toMicros: number): void {
    const down = this.#down.get(lane)
    if (down === undefined) return
    this.#down.delete(lane)
    this.#stretch({ lane, ...down, toMicros, kind: "down" })
  }

  #ends(lane: number, atMicros: number, entry: TraceEntry): void {
    const label = `${entry.kind.replace("fault.", "")} ${describe(entry)}`.trim()
    this.marks.push({ lane, atMicros, glyph: "kill", label })
    this.#thaw(lane, atMicros)
    if (!this.#down.has(lane)) this.#down.set(lane, { fromMicros: atMicros, label })
  }

  #thaw(lane: number, toMicros: number): void {
    const fromMicros = this.#frozen.get(lane)
    if (fromMicros === undefined) return
    this.#frozen.delete(lane)
    this.#stretch({ lane, fromMicros, toMicros, kind: "frozen", label: "frozen" })
  }

  operation(operation: PictureOperation, endMicros: number): void {
    const { process, startMicros, outcome } = operation
    const lane = this.lane(process)
    const label = `${operation.label}: ${outcome}`
    const toMicros = operation.endMicros ?? endMicros
    const kind = operation.endMicros === undefined ? "open" : "operation"
    this.stretches.push({ lane, fromMicros: startMicros, toMicros, kind, label })
  }

  close(endMicros: number): void {
    for (const lane of [...this.#down.keys()]) this.#up(lane, endMicros)
    for (const lane of [...this.#frozen.keys()]) this.#thaw(lane, endMicros)
    for (const lane of this.#ballots.keys()) this.#endBallot(lane, endMicros)
  }
}

/**
 * Lays out a trace. Nodes stand in the order in which they were first seen, clients above them. Of the
 * entries before the one numbered `first` it shows only what they have left: who was down, frozen, in which
 * ballot.
 */
export const sceneOf = (
  entries: ReadonlyArray<TraceEntry>,
  operations: ReadonlyArray<PictureOperation> = [],
  first = 0
): Scene => {
  const booted = entries.filter((entry) => entry.kind === "boot").map((entry) => entry.node)
  const clients = new Set(operations.map((operation) => operation.process))
  const builder = new SceneBuilder(
    [...clients],
    [...new Set(booted)].filter((name) => name !== "world")
  )
  for (const [index, entry] of entries.entries()) {
    if (index === first) builder.beginAt(entry.timeMicros)
    builder.add(entry)
  }
  const last = entries.at(-1)?.timeMicros ?? 0
  const endMicros = operations.reduce((end, { startMicros }) => Math.max(end, startMicros), last)
  for (const operation of operations) builder.operation(operation, endMicros)
  builder.close(endMicros)
  const { lanes, arrows, marks, stretches } = builder
  return { lanes, arrows, marks, stretches, endMicros }
}
