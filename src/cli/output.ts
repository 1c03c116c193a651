/** Printing that survives a reader who has gone away. */
import { Effect } from "effect"

const closedStreams = new Set<NodeJS.WriteStream>()

/**
 * From now on a closed stdout or stderr stops nothing: a node whose terminal is gone goes on. `onClosed`
 * hears of it once.
 */
export const tolerateClosedOutput = (onClosed: () => void): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => {
      if (closedStreams.has(stream)) return
      closedStreams.add(stream)
      if (stream === process.stdout) onClosed()
    })
  }
}

const write = (stream: NodeJS.WriteStream, text: string): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (closedStreams.has(stream) || stream.destroyed) return resume(Effect.void)
    stream.write(text, () => resume(Effect.void))
  })

/** Prints a line on stdout; returns when the reader has room for more. */
export const print = (line: string): Effect.Effect<void> => write(process.stdout, `${line}\n`)

/** Prints text as it is. */
export const printRaw = (text: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (closedStreams.has(process.stdout)) return resume(Effect.void)
    process.stdout.write(text, () => resume(Effect.void))
  })

export const printJson = (value: unknown): Effect.Effect<void> => print(JSON.stringify(value))

/** What is for the person who looks on, not for the program that reads. */
export const printError = (line: string): Effect.Effect<void> => write(process.stderr, `${line}\n`)

/** For callbacks: prints without waiting. */
export const printUnsafe = (line: string): void => {
  if (!closedStreams.has(process.stdout)) process.stdout.write(`${line}\n`)
}

export const printErrorUnsafe = (line: string): void => {
  if (!closedStreams.has(process.stderr)) process.stderr.write(`${line}\n`)
}

/** Columns of the same width, two spaces apart. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n")
}
