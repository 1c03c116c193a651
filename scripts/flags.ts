/** Flags of the programs that are run from a checkout: a sentence and an exit code, never a stack trace. */
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util"

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
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}`)
    process.exit(2)
  }
  console.log(`Usage: ${usage}`)
  return process.exit(0)
}
