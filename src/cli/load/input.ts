/** A file as whole lines with their places: read in blocks, so that its size does not matter. */
import { isUtf8 } from "node:buffer"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { Effect, type Scope } from "effect"
import { type CommandFailed, usageFailure } from "../failure.ts"
import { stdinParts } from "../stdin.ts"

const blockBytes = 256 * 1024
const headBytes = 64 * 1024
const newline = 10

export interface LoadInput {
  readonly path: string
  /** Undefined for stdin and pipes, which have no size and cannot be resumed. */
  readonly sizeBytes: number | undefined
  /** Names the content: size, and a hash of the first 64 KiB. */
  readonly identity: string
  readonly read: (position: number) => Effect.Effect<Uint8Array, CommandFailed>
}

const unreadable = (path: string, cause: Error) => usageFailure(`${path} cannot be read: ${cause.message}`)

/** Without standing still: the opening of a pipe waits for whoever writes. */
const open = (path: string): Effect.Effect<number, CommandFailed> =>
  Effect.callback((resume) => {
    fs.open(path, "r", (error, descriptor) =>
      resume(error === null ? Effect.succeed(descriptor) : unreadable(path, error))
    )
  })

/** Whether opening it, and then each read, waits in the system for as long as others like. */
export const isPipe = (path: string): boolean => {
  if (path === "-") return false
  try {
    return !fs.statSync(path).isFile()
  } catch {
    return false // the opening says why
  }
}

/** What other programs write meanwhile, such as stdin, a named pipe, `<(zcat records.gz)`. */
const streamed = (path: string, read: LoadInput["read"]): LoadInput => ({
  path,
  sizeBytes: undefined,
  identity: "",
  read
})

const stdin = (): LoadInput => {
  const next = stdinParts()
  return streamed("stdin", () => next)
}

/** Opens a file or a pipe, or stdin where the path is `-`, until the scope closes. */
export const openInput = (path: string): Effect.Effect<LoadInput, CommandFailed, Scope.Scope> =>
  path === "-"
    ? Effect.sync(stdin)
    : Effect.acquireRelease(open(path), (descriptor) => Effect.sync(() => fs.closeSync(descriptor))).pipe(
        Effect.flatMap((descriptor) =>
          Effect.try({
            try: (): LoadInput => {
              const status = fs.fstatSync(descriptor)
              if (!status.isFile()) return streamed(path, reader(path, descriptor, false))
              const sizeBytes = status.size
              const head = Buffer.alloc(Math.min(headBytes, sizeBytes))
              fs.readSync(descriptor, head, 0, head.length, 0)
              const identity = createHash("sha256").update(`${sizeBytes}\n`).update(head).digest("hex")
              return { path, sizeBytes, identity, read: reader(path, descriptor, true) }
            },
            catch: (cause) => unreadable(path, cause as Error)
          })
        )
      )

/** Reads a block at a position; a stream has none and goes on where it was. An empty block is the end. */
const reader =
  (path: string, descriptor: number, hasPositions: boolean): LoadInput["read"] =>
  (position) =>
    Effect.callback((resume) => {
      const block = Buffer.allocUnsafe(blockBytes)
      const at = hasPositions ? position : null
      fs.read(descriptor, block, 0, blockBytes, at, (error, count) => {
        if (error === null) resume(Effect.succeed(block.subarray(0, count)))
        else if (error.code === "EOF") resume(Effect.succeed(block.subarray(0, 0)))
        else resume(unreadable(path, error))
      })
    })

export interface Line {
  /** What it says, or why it cannot be read. */
  readonly content: { readonly text: string } | { readonly fault: string }
  /** Where the next line begins. */
  readonly endOffset: number
}

/**
 * More than any record takes, however it is written; a file without ends of lines must not fill the memory.
 */
const lineMaxBytes = 16 * 1024 * 1024
const tooLong = { fault: `expected lines of less than ${lineMaxBytes} bytes, found a longer one` }
const noText = { fault: "expected UTF-8 text, found other bytes" }

/** Some editors put it at the beginning of a file; it is no part of the first key. */
const byteOrderMark = "\uFEFF"

/** Cuts blocks into lines. */
export class LineCutter {
  #rest: Uint8Array = new Uint8Array(0)
  /** Where the next line begins. */
  #offset: number

  constructor(offset: number) {
    this.#offset = offset
  }

  /**
   * The whole lines of a block together with what was left of the one before; an empty block ends the last
   * line.
   */
  take(block: Uint8Array): ReadonlyArray<Line> {
    const bytes = Buffer.concat([this.#rest, block])
    const isEnd = block.length === 0
    const end = isEnd ? bytes.length : bytes.lastIndexOf(newline) + 1
    this.#rest = bytes.subarray(end)
    const sound = isUtf8(bytes.subarray(0, end))
    const lines: Array<Line> = []
    for (let start = 0; start < end; ) {
      const found = bytes.indexOf(newline, start)
      const stop = found < 0 || found >= end ? end : found
      const next = Math.min(stop + 1, end)
      const part = bytes.subarray(start, stop)
      const content = sound || isUtf8(part) ? this.#textOf(part, start) : noText
      lines.push({ content, endOffset: this.#offset + next })
      start = next
    }
    this.#offset += end
    if (this.#rest.length > lineMaxBytes) lines.push({ content: tooLong, endOffset: this.#offset })
    return lines
  }

  #textOf(bytes: Buffer, start: number): Line["content"] {
    const text = bytes.toString("utf8")
    const isFirst = this.#offset + start === 0
    return { text: isFirst && text.startsWith(byteOrderMark) ? text.slice(1) : text }
  }
}
