/** Runs one measurement of the bench by itself, where its file is the program that was started. */
import { basename } from "node:path"
import { readFlags, readNumber } from "../scripts/flags.ts"

/** Prints as JSON what the measurement gives; does nothing where another program has imported the file. */
export const runAlone = async (file: string, measure: (forMs: number) => Promise<unknown>): Promise<void> => {
  if (process.argv[1] !== file) return
  const values = readFlags(`node bench/${basename(file)} [--seconds 2]`, {
    seconds: { type: "string", default: "2" }
  })
  const result = await measure(readNumber("seconds", values.seconds, { min: 0.1 }) * 1000)
  console.log(JSON.stringify(result ?? "its program is not installed, or did not come up"))
  process.exit(0)
}
