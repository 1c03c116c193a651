/**
 * Makes the command line of what tsc has built one program of few files: the last step of `npm run build`.
 *
 * A command is short, and most of it was to find and load six hundred modules. The library is left as it is:
 * it shares the one copy of Effect that the user's program has (decision 31).
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type RolldownOutput, rolldown } from "rolldown"

const place = "dist/cli"
const unbundled = "dist/cli-unbundled"
const bundled = "dist/cli-bundled"

/** What is native code, and looked for where the program runs: it does without. */
const external = ["msgpackr-extract"]

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: string
}

/** The directory of the package that a module is part of, or none where that is this one. */
const packageOf = (module: string): string | undefined => {
  if (!module.includes("node_modules")) return undefined
  for (let at = dirname(module); at.includes("node_modules"); at = dirname(at)) {
    const path = join(at, "package.json")
    if (existsSync(path) && (JSON.parse(readFileSync(path, "utf8")) as Manifest).version !== undefined)
      return at
  }
  throw new Error(`${module} is part of no package`)
}

/** What a package says of its licence, in full. */
export const licenceOf = (directory: string): string => {
  const { name, version, license } = JSON.parse(
    readFileSync(join(directory, "package.json"), "utf8")
  ) as Manifest
  const texts = readdirSync(directory)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .map((file) => readFileSync(join(directory, file), "utf8").trim())
  if (license === undefined || texts.length === 0)
    throw new Error(`${name} does not come with its licence: it cannot be part of the command line`)
  return [`${name} ${version} (${license})`, ...texts].join("\n\n")
}

const licencesOf = ({ output }: RolldownOutput): string => {
  const modules = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []))
  const packages = new Set(modules.map(packageOf).filter((directory) => directory !== undefined))
  const licences = [...packages].map(licenceOf).sort()
  const opening = "The program `aplomb` contains code of these packages, under these licences."
  return `${[opening, ...licences].join(`\n\n${"-".repeat(80)}\n\n`)}\n`
}

const bundle = async (): Promise<void> => {
  // Nothing is where the program is looked for until all of this has succeeded.
  renameSync(place, unbundled)
  const program = await rolldown({
    input: { main: join(unbundled, "main.js") },
    platform: "node",
    external,
    resolve: { symlinks: false }
  })
  const written = await program.write({ dir: bundled, format: "esm", chunkFileNames: "[name].js" })
  await program.close()
  writeFileSync(join(bundled, "LICENSES.txt"), licencesOf(written))
  renameSync(bundled, place)
  rmSync(unbundled, { recursive: true })
  process.stdout.write(`${place}: ${written.output.length} files\n`)
}

if (import.meta.main) await bundle()
