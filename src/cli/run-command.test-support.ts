/** Runs a command of the command line to its end, as a process. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/** The command line as it is run in a checkout. */
export const fromSources = fileURLToPath(new URL("./main.ts", import.meta.url))

/**
 * The command line as scripts/test has just built it, which starts in a third of the time; or the sources.
 */
export const program = process.env["APLOMB_BUILT"] ?? fromSources

// Ends what hangs, and nothing else: a busy machine takes its time.
const options = { encoding: "utf8", timeout: 120_000 } as const

/** What it printed, and how it ended. */
export const runCommand = (words: ReadonlyArray<string>, input: string | Uint8Array = "", main = program) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { ...options, input })
  return { status, stdout, stderr }
}

/** The same where `script`, the text of a module, runs in each of its threads before anything else. */
export const runCommandWith = (script: string, words: ReadonlyArray<string>, cwd = process.cwd()) => {
  const preload = `data:text/javascript;base64,${Buffer.from(script).toString("base64")}`
  const env = { ...process.env, NODE_OPTIONS: `--import ${preload}` }
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    ...options,
    cwd,
    env
  })
  return { status, stdout, stderr }
}

/** The same by a shell, with what `redirection` says, such as `<&-`. */
export const runCommandIn = (redirection: string, words: ReadonlyArray<string>) => {
  const command = `"$@" ${redirection}`
  const { status, stdout, stderr } = spawnSync(
    "/bin/sh",
    ["-c", command, "sh", process.execPath, program, ...words],
    options
  )
  return { status, stdout, stderr }
}

/** The same where stdin is a file that was opened before. */
export const runCommandOn = (descriptor: number, words: ReadonlyArray<string>) => {
  const stdio = [descriptor, "pipe", "pipe"] as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    ...options,
    stdio: [...stdio]
  })
  return { status, stdout, stderr }
}
