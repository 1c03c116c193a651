/** The tutorial shows the files that there are, and the lines that its commands print. */
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { commandsIn, tutorial } from "./support/tutorial.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = "examples/lock-without-fencing"
const files = readdirSync(join(root, folder))
const textOf = (file: string): string => readFileSync(join(root, folder, file), "utf8")
/** What runs a TypeScript file, with the names that this project has for its own sources. */
const tsx = [join(root, "node_modules/tsx/dist/cli.mjs"), "--tsconfig", join(root, "tsconfig.json")]

describe("the tutorial of the simulator", () => {
  it("shows whole files, to the letter, and links to those that it does not show", () => {
    const shown = [...tutorial.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
    const names = shown.map((code) => files.find((file) => textOf(file) === code) ?? code)
    expect(names.filter((name) => !files.includes(name))).toEqual([])
    const linked = files.filter((file) => tutorial.includes(`[${file}](../${folder}/${file})`))
    expect(linked).toEqual(files)
    expect(names.length).toBeGreaterThan(3)
  })

  const searches = commandsIn(tutorial).filter(({ command }) => command.startsWith("npx tsx "))

  it("searches three times", () => expect(searches.length).toBe(3))

  for (const { command, words, printed } of searches) {
    it.concurrent(`prints what it says after ${command}`, async ({ expect, onTestFinished }) => {
      const cwd = mkdtempSync(join(tmpdir(), "aplomb-tutorial-"))
      onTestFinished(() => rmSync(cwd, { recursive: true }))
      const [file, ...rest] = words.slice(2)
      const options = [...tsx, join(root, file!), ...rest]
      const { stdout } = await promisify(execFile)(process.execPath, options, { cwd })
      expect(stdout).toBe(printed)
      expect(existsSync(join(cwd, "lock.html"))).toBe(printed.includes("lock.html"))
    })
  }
})
