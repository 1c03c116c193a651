/** The history of a run as clients saw it: every operation with its beginning and its end, in order. */
import type { Json } from "../history/operation.ts"

/** One line of the history. */
export interface HistoryLine {
  readonly process: number
  readonly type: "invoke" | "ok" | "fail" | "info"
  readonly f: string
  readonly key: string
  readonly value: Json
  /** Place in the order that the system itself claims. */
  readonly version?: number
  readonly error?: string
  /** Microseconds of virtual time. */
  readonly time: number
}

/** An operation under way. */
export interface Invocation {
  readonly process: number
  readonly f: string
  readonly key: string
  readonly value: Json
}

export class HistoryRecorder {
  readonly lines: Array<HistoryLine> = []
  readonly #nowMicros: () => number
  #processes = 0

  constructor(nowMicros: () => number) {
    this.#nowMicros = nowMicros
  }

  /** A sequential process; one whose operation has no known outcome must not go on: take another. */
  newProcess(): number {
    return this.#processes++
  }

  invoke(process: number, f: string, key: string, value: Json): Invocation {
    const invocation = { process, f, key, value }
    this.lines.push({ ...invocation, type: "invoke", time: this.#nowMicros() })
    return invocation
  }

  ok(invocation: Invocation, value: Json, version: number): void {
    this.lines.push({ ...invocation, value, type: "ok", version, time: this.#nowMicros() })
  }

  /** It was applied and did nothing, as a compare-and-set does that found another value. */
  refused(invocation: Invocation, version: number): void {
    this.lines.push({ ...invocation, type: "fail", version, time: this.#nowMicros() })
  }

  /** It certainly did not happen. */
  failed(invocation: Invocation, error: string): void {
    this.lines.push({ ...invocation, type: "fail", error, time: this.#nowMicros() })
  }

  /** Nobody knows. */
  open(invocation: Invocation, error: string): void {
    this.lines.push({ ...invocation, type: "info", error, time: this.#nowMicros() })
  }

  /** Whether an operation on the key has no known outcome. */
  hasOpen(key: string): boolean {
    let open = 0
    for (const line of this.lines) {
      if (line.key !== key) continue
      if (line.type === "invoke") open++
      else if (line.type !== "info") open--
    }
    return open > 0
  }

  /** As JSON Lines, without line ends. */
  text(): ReadonlyArray<string> {
    return this.lines.map((line) => JSON.stringify(line))
  }
}
