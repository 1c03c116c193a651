/** Flags of the programs that are run from a checkout: a sentence and an exit code, never a stack trace. */
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util"
import { messageOf } from "../src/runtime/message-of.ts"

type Parsed<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options & { help: { type: "boolean" } } }>
>["values"]

/**
 * The values of the flags, or the end of the process: `--help` prints the usage and exits with 0, a flag that
 * is not known, lacks its value or stands beside other words prints why and the usage, and exits with 2.
 *
 * @example
 * const values = readFlags("node bench/main.ts [--rounds 5]", { rounds: { type: "string", default: "5" } })
 */
export const readFlags = <const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  args: ParseArgsConfig["args"] = process.argv.slice(2)
): Parsed<Options> => {
  try {
    const { values } = parseArgs({
      args: [...(args ?? [])],
      options: { ...options, help: { type: "boolean" as const } }
    })
    if (!("help" in values && values.help === true)) return values as Parsed<Options>
  } catch (error) {
    console.error(`${messageOf(error)}\nUsage: ${usage}`)
    process.exit(2)
  }
  console.log(`Usage: ${usage}`)
  return process.exit(0)
}

/** Ends the process with a sentence and exit code 2: what was asked for cannot be begun. */
export const giveUp = (sentence: string): never => {
  console.error(sentence)
  return process.exit(2)
}

/**
 * The number that a flag was given, within limits that are included, or the end of the process with a
 * sentence.
 *
 * @example
 * const rounds = readNumber("rounds", values.rounds, { min: 1, isWhole: true })
 */
export const readNumber = (
  name: string,
  text: string,
  limits: { readonly min: number; readonly max?: number; readonly isWhole?: boolean }
): number => {
  const { min, max = Number.MAX_SAFE_INTEGER, isWhole = false } = limits
  const pattern = isWhole ? /^\d+$/ : /^\d+(\.\d+)?$/
  if (pattern.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
  const range = limits.max === undefined ? `${min} or more` : `from ${min} to ${max}`
  return giveUp(`--${name} takes a ${isWhole ? "whole " : ""}number, ${range}; "${text}" is none`)
}
