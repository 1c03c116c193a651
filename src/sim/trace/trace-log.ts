/** What programs log inside a run: entries of its trace, and nothing on the screen. */
import { Cause, Logger, References } from "effect"
import type { Trace } from "./trace.ts"

const textMaxUnits = 1_000

/** Stack traces differ from machine to machine, and so do the files that they name. */
const withoutPlaces = (text: string): string =>
  text
    .replace(/(?:\n|\\n)\s+at (?:[^\n"\\]|\\[^n])*/g, "")
    .replace(/file:\/\/[^\s"')]*\//g, "")
    .trim()

const shownError = (error: Error): string => {
  const tag = "_tag" in error ? String(error._tag) : error.name
  return error.message === "" ? tag : `${tag}: ${error.message}`
}

const shown = (value: unknown): string => {
  if (typeof value === "string") return value
  if (value instanceof Error) return shownError(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

const shownReason = (reason: Cause.Reason<unknown>): string => {
  if (Cause.isFailReason(reason)) return shown(reason.error)
  return Cause.isDieReason(reason) ? `defect ${shown(reason.defect)}` : "interrupted"
}

/** What was logged, in one text that is equal for equal runs. */
const textOf = ({ message, cause, fiber }: Logger.Options<unknown>): string => {
  const said = (Array.isArray(message) ? message : [message]).map(shown)
  const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations))
  const facts = annotations.map(([name, value]) => `${name}=${shown(value)}`)
  const parts = [...said, ...facts, ...cause.reasons.map(shownReason)]
  return parts.map(withoutPlaces).join(", ").slice(0, textMaxUnits)
}

const counted = new Set(["Error", "Fatal"])

/**
 * Notes errors as `log` with their level and text. What is less than an error happens all the time where
 * faults strike: only a listener is told of it, and the run's digest does not have it.
 */
export const traceLogger = (trace: Trace, node: string): Logger.Logger<unknown, void> =>
  Logger.make((options) => {
    const { logLevel } = options
    if (counted.has(logLevel)) return trace.note("log", node, { level: logLevel, text: textOf(options) })
    if (trace.listen !== undefined) trace.tell("log", node, { level: logLevel, text: textOf(options) })
  })
