/** Runs a command of the command line to its end, as a process. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

const options = { encoding: "utf8", timeout: 60_000 } as const

/** What it printed, and how it ended. */
export const runCommand = (words: ReadonlyArray<string>, input: string | Uint8Array = "") => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { ...options, input })
  return { status, stdout, stderr }
}

/** The same by a shell, with what `redirection` says, such as `<&-`. */
export const runCommandIn = (redirection: string, words: ReadonlyArray<string>) => {
  const command = `"$@" ${redirection}`
  const { status, stdout, stderr } = spawnSync(
    "/bin/sh",
    ["-c", command, "sh", process.execPath, main, ...words],
    options
  )
  return { status, stdout, stderr }
}

/** The same where stdin is a file that was opened before. */
export const runCommandOn = (descriptor: number, words: ReadonlyArray<string>) => {
  const stdio = [descriptor, "pipe", "pipe"] as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    ...options,
    stdio: [...stdio]
  })
  return { status, stdout, stderr }
}
