/** Puts in flight: many at once, each key once, and how far the file is acknowledged without a gap. */
import { Effect } from "effect"
import { outstandingMaxBytes } from "../../client/epoch.ts"
import type { CommandFailure } from "../../client/errors.ts"
import type { GroupClient } from "../../client/group-client.ts"
import { commandMaxBytes } from "../../client/replicated.ts"
import { kvMachine } from "../../machines/kv.ts"
import { pack } from "../../runtime/codec.ts"
import type { LoadRecord } from "./format.ts"

/** Half of what a session may have in flight. */
const outstandingMax = 4096
const chunkRecords = 2048
const chunkBytes = 1024 * 1024

interface Chunk {
  waiting: number
  endOffset: number
  lines: number
  records: number
  bytes: number
}

/** How far the file is acknowledged. */
export interface Acknowledged {
  readonly offsetBytes: number
  readonly lines: number
  readonly records: number
}

const emptyChunk = (): Chunk => ({ waiting: 0, endOffset: 0, lines: 0, records: 0, bytes: 0 })

/**
 * Puts are sent without waiting for each other, and may be applied in another order when one is sent again;
 * so a key that is in flight is not put a second time before it has landed. The last line of a key wins, as
 * in the file.
 */
export class LoadFlight {
  readonly #client: GroupClient
  readonly #timeoutMs: number
  readonly #keys = new Set<string>()
  readonly #chunks: Array<Chunk> = []
  /** Of all puts in flight. */
  #bytes = 0
  #current: Chunk = emptyChunk()
  #wake: (() => void) | undefined
  #failure: CommandFailure | undefined
  acknowledged: Acknowledged

  constructor(client: GroupClient, timeoutMs: number, start: Acknowledged) {
    this.#client = client
    this.#timeoutMs = timeoutMs
    this.acknowledged = start
  }

  /** The first put that failed for good. */
  get failure(): CommandFailure | undefined {
    return this.#failure
  }

  /** Why a record cannot be put, whatever the state of the cluster. */
  static fault({ key, value }: LoadRecord): string | undefined {
    if (![key, value].every((text) => typeof text !== "string" || text.isWellFormed()))
      return "expected whole characters, found half of one (a lone surrogate)"
    const sizeBytes =
      Buffer.byteLength(key) + (typeof value === "string" ? Buffer.byteLength(value) : value.length)
    return sizeBytes + 16 <= commandMaxBytes
      ? undefined
      : `expected key and value of less than ${commandMaxBytes} bytes together, found ${sizeBytes}`
  }

  isFull(key: string): boolean {
    // As much as its session sends: more would only wait here.
    const isFull = this.#keys.size >= outstandingMax || this.#bytes >= outstandingMaxBytes
    return isFull || this.#keys.has(key)
  }

  /** Counts a line that ends there; its record, if it has one, is sent. */
  take(record: LoadRecord | undefined, endOffset: number): void {
    const chunk = this.#current
    chunk.endOffset = endOffset
    chunk.lines++
    if (record !== undefined) {
      chunk.records++
      chunk.waiting++
      this.#keys.add(record.key)
      this.#send(record.key, pack(kvMachine.forms.command.encode({ _tag: "Put", ...record })), chunk)
    }
    if (chunk.lines >= chunkRecords || chunk.bytes >= chunkBytes) this.closeChunk()
  }

  /** What was taken so far is a chunk of its own. */
  closeChunk(): void {
    if (this.#current.lines > 0) this.#chunks.push(this.#current)
    this.#current = emptyChunk()
    this.#advance()
  }

  /** Returns when `isDone` says so or a put has failed; looks again whenever something was acknowledged. */
  until(isDone: () => boolean): Effect.Effect<void> {
    const look = (resume: (effect: Effect.Effect<void>) => void): void => {
      if (this.#failure === undefined && !isDone()) this.#wake = () => look(resume)
      else resume(Effect.void)
    }
    return Effect.callback<void>((resume) => {
      look(resume)
    })
  }

  isEmpty = (): boolean => this.#keys.size === 0

  #send(key: string, bytes: Uint8Array, chunk: Chunk): void {
    const size = bytes.length
    this.#bytes += size
    chunk.bytes += size
    const taken = this.#client.submitUnsafe(bytes, this.#timeoutMs, (_reply, _slot, failure) => {
      if (failure === undefined) {
        this.#keys.delete(key)
        this.#bytes -= size
        chunk.waiting--
        if (chunk.waiting === 0) this.#advance()
      } else this.#failure ??= failure
      const wake = this.#wake
      if (wake === undefined) return
      this.#wake = undefined
      wake()
    })
    if (!taken) throw new Error("the client takes more than is ever in flight here")
  }

  #advance(): void {
    for (let head = this.#chunks[0]; head !== undefined && head.waiting === 0; head = this.#chunks[0]) {
      this.#chunks.shift()
      const { lines, records } = this.acknowledged
      this.acknowledged = {
        offsetBytes: head.endOffset,
        lines: lines + head.lines,
        records: records + head.records
      }
    }
  }
}
