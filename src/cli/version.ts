/** The version of the package that this program is part of. */
import { readFileSync } from "node:fs"

const manifest = new URL("../../package.json", import.meta.url)

export const packageVersion = (): string => String(JSON.parse(readFileSync(manifest, "utf8")).version)
