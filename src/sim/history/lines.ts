/** The lines of a history as bytes come: none of it has to be one text, which has an end. */
import { isUtf8 } from "node:buffer"

/** A line that is no text, or none that the engine can hold; the message is what is wrong with it. */
export class BadLine extends Error {
  /** Counted from 1. */
  readonly line: number

  constructor(line: number, problem: string) {
    super(`line ${line} ${problem}`)
    this.name = "BadLine"
    this.line = line
  }
}

const newline = 10

const textOf = (bytes: Buffer, line: number): string => {
  // Read as text all the same, different bytes would become one character, and equal values.
  if (!isUtf8(bytes)) throw new BadLine(line, "is no UTF-8 text")
  try {
    return bytes.toString("utf8")
  } catch {
    throw new BadLine(line, `is too long: it has ${bytes.length} bytes`)
  }
}

/**
 * Cuts bytes that arrive in parts into lines of text; a line may span parts. The parts must stay as they are
 * until the next one is asked for. Throws `BadLine`.
 *
 * @example
 * const lines = [...linesOf([Buffer.from("{}\n{"), Buffer.from("}\n")])] // "{}", "{}"
 */
export function* linesOf(parts: Iterable<Uint8Array>): Iterable<string> {
  let line = 0
  let begun: Array<Uint8Array> = []
  for (const part of parts) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.length)
    let start = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      const last = bytes.subarray(start, end)
      yield textOf(begun.length === 0 ? last : Buffer.concat([...begun, last]), ++line)
      begun = []
      start = end + 1
    }
    if (start < bytes.length) begun.push(Uint8Array.from(bytes.subarray(start)))
  }
  if (begun.length > 0) yield textOf(Buffer.concat(begun), ++line)
}
