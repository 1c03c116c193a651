/** Printing that survives a reader who has gone away, and tells of a disk that is full. */
import { fstatSync, writeSync } from "node:fs"
import { Effect } from "effect"

const closedStreams = new Set<NodeJS.WriteStream>()
let outputClosed: (failure: string | undefined) => void = () => {}

const noteClosed = (stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): void => {
  if (closedStreams.has(stream)) return
  closedStreams.add(stream)
  if (stream !== process.stdout) return
  outputClosed(error.code === "EPIPE" ? undefined : `the output cannot be written: ${error.message}`)
}

/**
 * From now on a closed stdout or stderr stops nothing: a node whose terminal is gone goes on. `onClosed`
 * hears once that stdout takes nothing more: of a reader who went away without a failure, of a full disk and
 * the like with a sentence.
 */
export const tolerateClosedOutput = (onClosed: (failure: string | undefined) => void): void => {
  outputClosed = onClosed
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => noteClosed(stream, error))
  }
}

const descriptorOf = (stream: NodeJS.WriteStream): number => (stream === process.stdout ? 1 : 2)

const files = new Map<NodeJS.WriteStream, boolean>()

/** What it is when it is first printed to, it stays. */
const isFile = (stream: NodeJS.WriteStream): boolean => {
  let known = files.get(stream)
  if (known === undefined) files.set(stream, (known = isFileNow(stream)))
  return known
}

const isFileNow = (stream: NodeJS.WriteStream): boolean => {
  try {
    return fstatSync(descriptorOf(stream)).isFile()
  } catch {
    return false
  }
}

/**
 * Node takes a part written to a file, as when its disk gets full, for the whole: this goes on with the rest.
 */
const writeToFile = (descriptor: number, text: string | Uint8Array): void => {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
}

const put = (stream: NodeJS.WriteStream, text: string | Uint8Array, done: () => void): void => {
  if (closedStreams.has(stream) || stream.destroyed) return done()
  if (!isFile(stream)) {
    stream.write(text, (error) => {
      if (error) noteClosed(stream, error)
      done()
    })
    return
  }
  try {
    writeToFile(descriptorOf(stream), text)
  } catch (error) {
    noteClosed(stream, error as NodeJS.ErrnoException)
  }
  done()
}

const write = (stream: NodeJS.WriteStream, text: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => put(stream, text, () => resume(Effect.void)))

/** Prints a line on stdout; returns when the reader has room for more. */
export const print = (line: string): Effect.Effect<void> => write(process.stdout, `${line}\n`)

/** Prints text as it is. */
export const printRaw = (text: string | Uint8Array): Effect.Effect<void> => write(process.stdout, text)

export const printJson = (value: unknown): Effect.Effect<void> => print(JSON.stringify(value))

/** What is for the person who looks on, not for the program that reads. */
export const printError = (line: string): Effect.Effect<void> => write(process.stderr, `${line}\n`)

/** For callbacks: prints without waiting. */
export const printUnsafe = (line: string): void => put(process.stdout, `${line}\n`, () => {})

export const printErrorUnsafe = (line: string): void => put(process.stderr, `${line}\n`, () => {})

/** Columns of the same width, two spaces apart. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n")
}
