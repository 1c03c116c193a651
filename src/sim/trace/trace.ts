/**
 * What happened in a run: always as one running hash and counts of strikes, and as full entries when somebody
 * listens.
 */
import { crc32 } from "node:zlib"

/** One line of a full trace (JSON Lines when written out). */
export interface TraceEntry {
  readonly timeMicros: number
  readonly kind: string
  readonly node: string
  readonly [field: string]: string | number | boolean
}

export type TraceFields = { readonly [field: string]: string | number | boolean }

/** FNV-1a of a string. */
export const hashString = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash | 0
}

/** Up to so many bytes a loop is faster than a call out of JavaScript. */
const loopBytes = 32

/** A hash of all bytes of a payload: FNV-1a of a short one, CRC-32 of others. */
export const hashBytes = (bytes: Uint8Array): number => {
  if (bytes.length > loopBytes) return crc32(bytes) | 0
  let hash = 0x811c9dc5 ^ bytes.length
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193)
  return hash | 0
}

/**
 * The trace of a run. Names are hashed once and remembered, so an event costs a few multiplications. `listen`
 * receives full entries (in memory, to a file, to a diagram); without it none is built.
 */
export class Trace {
  /** Strikes of each fault family, by name: what is never here never struck. */
  readonly strikes = new Map<string, number>()
  /** Virtual time stamped on entries; the clock sets it. */
  nowMicros = 0
  events = 0
  listen: ((entry: TraceEntry) => void) | undefined
  readonly #names = new Map<string, number>()
  #low = 0x811c9dc5 | 0
  #high = 0x2545f491

  constructor(listen?: (entry: TraceEntry) => void) {
    this.listen = listen
  }

  /** Takes a number into the hash. */
  mix(value: number): void {
    const low = Math.imul(this.#low ^ value, 0x01000193)
    this.#low = low ^ (low >>> 15)
    const high = Math.imul((this.#high + value) | 0, 0x9e3779b1)
    this.#high = high ^ (high >>> 13)
  }

  #name(name: string): number {
    let hash = this.#names.get(name)
    if (hash === undefined) this.#names.set(name, (hash = hashString(name)))
    return hash
  }

  /**
   * The cheap form for what happens at every message: who (a hash made once) and what (a hash of the bytes).
   */
  hot(who: number, what: number): void {
    this.events++
    this.mix(this.nowMicros)
    this.mix(who)
    this.mix(what)
  }

  /** An event of a node with its facts. */
  note(kind: string, node: string, fields?: TraceFields): void {
    this.events++
    this.mix(this.nowMicros)
    this.mix(this.#name(kind))
    this.mix(this.#name(node))
    for (const key in fields) {
      const value = fields[key]
      this.mix(hashString(key))
      this.mix(typeof value === "number" ? value : hashString(String(value)))
      if (typeof value === "number") this.mix(hashString(String(value)))
    }
    if (this.listen !== undefined) this.tell(kind, node, fields)
  }

  /** Only for those who listen: nothing that a run's digest has, or its figures. */
  tell(kind: string, node: string, fields?: TraceFields): void {
    this.listen?.({ timeMicros: this.nowMicros, kind, node, ...fields })
  }

  /** A fault struck: counted, and noted as `fault.<name>`. */
  strike(fault: string, node: string, fields?: TraceFields): void {
    this.strikes.set(fault, (this.strikes.get(fault) ?? 0) + 1)
    this.note(`fault.${fault}`, node, fields)
  }

  /** How often a fault has struck so far. */
  struck(fault: string): number {
    return this.strikes.get(fault) ?? 0
  }

  /** The hash so far, 16 hexadecimal digits. */
  digest(): string {
    const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0")
    return hex(this.#high) + hex(this.#low)
  }
}
