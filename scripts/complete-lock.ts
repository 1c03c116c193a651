/**
 * Writes into package-lock.json the packages for other platforms that npm left out.
 *
 * With a mirror that lacks the binaries for some other systems, npm writes a lock file without them, which
 * `npm ci` then refuses as incomplete, on Linux too. Their names and versions stand in the packages that ask
 * for them; system and processor follow from the name. Run by `npm run lock`.
 */
import { readFileSync, writeFileSync } from "node:fs"

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly os?: ReadonlyArray<string>
  readonly cpu?: ReadonlyArray<string>
  readonly libc?: ReadonlyArray<string>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type Packages = Record<string, Locked>

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32"
]
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"]

/** What of the platform a package's name tells, as npm's fields. */
const platformOf = (name: string): Pick<Locked, "os" | "cpu" | "libc"> => {
  const words = name.split(/[-/]/)
  const os = systems.find((system) => words.includes(system))
  const cpu = processors.find((processor) => words.includes(processor))
  const libc = words.includes("musl") ? "musl" : words.includes("gnu") ? "glibc" : undefined
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined || os !== "linux" ? {} : { libc: [libc] }),
    ...(os === undefined ? {} : { os: [os] })
  }
}

/** Where Node would find a package from inside another, as npm keys it. */
const isLocked = (packages: Packages, from: string, name: string): boolean => {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    if (`${at === "" ? "" : `${at}/`}node_modules/${name}` in packages) return true
    if (at === "") return false
  }
}

/** The packages that others ask for optionally and that have no entry, each with the entry it should have. */
export const missingFrom = (packages: Packages): Packages => {
  const missing: Packages = {}
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isLocked(packages, path, name) || !/^[\^~]?\d+\.\d+\.\d+\S*$/.test(version)) continue
      const siblings = Object.keys(optionalDependencies).map((sibling) => packages[`node_modules/${sibling}`])
      const { resolved, integrity, os, cpu, libc, ...sibling } = siblings.find((found) => found?.os) ?? {}
      const exact = version.replace(/^[\^~]/, "")
      missing[`node_modules/${name}`] = { ...sibling, version: exact, ...platformOf(name) }
    }
  }
  return missing
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Packages }
  const missing = missingFrom(lock.packages)
  const { "": project, ...packages } = { ...lock.packages, ...missing }
  const byPath = ([left]: [string, Locked], [right]: [string, Locked]) => (left < right ? -1 : 1)
  lock.packages = {
    ...(project && { "": project }),
    ...Object.fromEntries(Object.entries(packages).sort(byPath))
  }
  writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`)
  process.stdout.write(
    `${Object.keys(missing).length} packages for other platforms added to package-lock.json\n`
  )
}
