/** The package that this program is part of: its version, its files, and where the program itself is. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

// Two floors up both from the source and from the bundle of the command line: this file must stay where it
// is.
const root = new URL("../../", import.meta.url)

/** Where a file of the package lies, such as `nats.conf`. */
export const packagePath = (name: string): string => fileURLToPath(new URL(name, root))

/** The program itself, for processes that run it: sources run sources. */
export const programPath = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url)
)

/** The version, as `package.json` says it. */
export const packageVersion = (): string =>
  String(JSON.parse(readFileSync(packagePath("package.json"), "utf8")).version)
