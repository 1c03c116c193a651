/** Runs a command of the command line to its end, as a process. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

/** What it printed, and how it ended. */
export const runCommand = (words: ReadonlyArray<string>, input: string | Uint8Array = "") => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    encoding: "utf8",
    input,
    timeout: 60_000
  })
  return { status, stdout, stderr }
}
