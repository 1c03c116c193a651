/** The package as users get it: packed, installed into an empty project, imported, type-checked and run. */
import { execFileSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { builtinModules } from "node:module"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { v8Flags } from "../src/cli/v8-flags.ts"
import { commandsIn, tutorial } from "./support/tutorial.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const work = mkdtempSync(join(tmpdir(), "aplomb-package-"))
const sources = join(work, "sources")
const project = join(work, "project")
let packed: ReadonlyArray<string> = []

const entryPoints = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports)
  .filter((name) => name !== "./package.json")
  .map((name) => `aplomb${name.slice(1)}`)

// As in a user's shell: npm run by our own copy of Node would look beside that for the machine's settings.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
environment["PATH"] = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((directory) => !directory.includes("node_modules"))
  .join(delimiter)

/** Runs a command and returns what it printed; what went wrong is in the error. */
const run = (cwd: string, command: string, ...options: ReadonlyArray<string>) => {
  try {
    return execFileSync(command, options, { cwd, encoding: "utf8", stdio: "pipe", env: environment })
  } catch (cause) {
    const { stdout, stderr } = cause as { readonly stdout: string; readonly stderr: string }
    throw new Error(`${command} ${options.join(" ")} failed:\n${stdout}${stderr}`, { cause })
  }
}

/** Where the command of the project is, and what its files hold. */
const installed = join(project, "node_modules/aplomb/dist/cli")
const commandFiles = () =>
  readdirSync(installed)
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(join(installed, name), "utf8"))

const errorOf = (fails: () => unknown): string => {
  try {
    return `it did not fail: ${fails()}`
  } catch (cause) {
    return (cause as Error).message
  }
}

const node = (...options: ReadonlyArray<string>) => run(project, process.execPath, ...options)

/** As projects that are bundled resolve modules; a default export of CommonJS is another one there. */
const bundler = ["--module", "esnext", "--moduleResolution", "bundler"]

/** One local name for each entry point, for the import lines of a made-up file. */
const imports = entryPoints.map((name, index) => `import * as entry${index} from "${name}"`).join("\n")
const entryNames = entryPoints.map((_, index) => `entry${index}`).join(", ")

// Packed in a copy, so that a cluster or a test that runs from dist meanwhile is not disturbed.
beforeAll(() => {
  mkdirSync(project)
  cpSync(root, sources, {
    recursive: true,
    filter: (path) => !/^(node_modules|dist|\.git|\.aplomb)(\/|$)/.test(path.slice(root.length))
  })
  symlinkSync(join(root, "node_modules"), join(sources, "node_modules"))
  // What prepack prints comes before the list of npm.
  const listed = run(sources, "npm", "pack", "--json", "--loglevel=error")
  const [archive] = JSON.parse(listed.slice(listed.search(/^\[/m)))
  packed = archive.files.map(({ path }: { readonly path: string }) => path)

  writeFileSync(join(project, "package.json"), `{ "private": true, "type": "module" }\n`)
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
  run(project, "npm", "install", ...quiet, join(sources, archive.filename))
}, 240_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

describe("the published package", () => {
  it("holds what was built and what users read, and no sources or tests", () => {
    const command = ["dist/cli/main.js", "dist/cli/LICENSES.txt"]
    for (const path of ["package.json", "LICENSE", "CHANGELOG.md", "nats.conf", ...command]) {
      expect(packed).toContain(path)
    }
    const own = packed.filter((path) => !path.startsWith("examples/lock-without-fencing/"))
    const sources = /^(src|test|bench|scripts|examples)\/|\.test\.|(?<!\.d)\.ts$/
    expect(own.filter((path) => sources.test(path))).toEqual([])
  })

  it("brings Effect once, by the peer dependency", () => {
    expect(existsSync(join(project, "node_modules/effect/package.json"))).toBe(true)
    const copies = run(project, "find", "node_modules", "-path", "*/node_modules/effect", "-prune")
    expect(copies.trim()).toBe("")
  })

  it("lets each entry point be imported", () => {
    expect(entryPoints.length).toBe(7)
    writeFileSync(
      join(project, "import.js"),
      `${imports}\nconsole.log(JSON.stringify([${entryNames}].map(Object.keys)))\n`
    )
    const exported: ReadonlyArray<ReadonlyArray<string>> = JSON.parse(node("import.js"))
    for (const [index, names] of exported.entries())
      expect(names.length, entryPoints[index]).toBeGreaterThan(0)
  })

  for (const resolution of [["--module", "nodenext"], bundler]) {
    const name = resolution.join(" ")
    it(`is typed: strict user code compiles with ${name}, a wrong name does not`, () => {
      const compiler = join(root, "node_modules/typescript/bin/tsc")
      const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2024"]
      const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")]
      const all = [compiler, ...options, ...resolution, ...types]
      writeFileSync(join(project, "user.ts"), `${imports}\nexport const all = [${entryNames}]\n`)
      writeFileSync(
        join(project, "wrong.ts"),
        `import { noSuchName } from "aplomb"\nexport const wrong = noSuchName\n`
      )
      const faults = errorOf(() => node(...all, "user.ts", "wrong.ts")).match(/^\S+\.ts\b.*error.*/gm)
      expect(faults).toEqual([expect.stringMatching(/^wrong\.ts.*noSuchName/)])
    })
  }

  it("has a command that explains itself", () => {
    const command = join(project, "node_modules/.bin/aplomb")
    expect(readFileSync(command, "utf8").split("\n")[0]).toBe(`#!/usr/bin/env -S node ${v8Flags.join(" ")}`)
    expect(node(command, "--help")).toContain("aplomb")
  })

  it("has a command of few files, of which an old engine loads one alone", () => {
    expect(commandFiles().length).toBeLessThan(60)
    const imports = readFileSync(join(installed, "main.js"), "utf8").match(/^import\b.*|\bfrom ".*/gm)
    expect(imports).toEqual([`import * as modules from "node:module";`])
  })

  it("has a command that needs no package beside it, and whose workers share Effect with the library", () => {
    const outside = /^(?:import|export)\b[^;"]*"(?!node:|\.\/)([^"]+)"/gm
    const names = commandFiles().flatMap((text) => [...text.matchAll(outside)].map(([, name]) => name))
    expect(names.filter((name) => !builtinModules.includes(name!))).toEqual([])
    expect(node(join(installed, "main.js"), "sim", "run", "t019", "--seeds", "2", "--jobs", "1")).toContain(
      "2 seeds, 0 findings"
    )
  })

  it("brings the example of the tutorial, which runs as that says in a project of any kind", () => {
    const { words, printed } = commandsIn(tutorial).find(({ command }) => command.endsWith(" nothing"))!
    for (const type of ["module", "commonjs"]) {
      writeFileSync(join(project, "package.json"), `{ "private": true, "type": "${type}" }\n`)
      rmSync(join(project, "examples"), { recursive: true, force: true })
      run(project, "cp", "-r", "node_modules/aplomb/examples", ".")
      expect(node(join(root, "node_modules/tsx/dist/cli.mjs"), ...words.slice(2))).toBe(printed)
    }
  })

  it("simulates a program with its disk, the places of its code, and faults of its own", () => {
    writeFileSync(join(project, "package.json"), `{ "private": true, "type": "module" }\n`)
    cpSync(join(root, "examples/durable-counter.ts"), join(project, "durable-counter.ts"))
    const compiler = join(root, "node_modules/typescript/bin/tsc")
    const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")]
    const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2024"]
    node(compiler, ...options, "--module", "nodenext", ...types, "durable-counter.ts")
    const printed = node(join(root, "node_modules/tsx/dist/cli.mjs"), "durable-counter.ts")
    expect(printed.match(/^seed \d+: nothing is wrong$/gm)).toHaveLength(10)
    expect(printed).toMatch(/^ {2}with .*stalls.*; \d+ strikes$/m)
  })

  it("names the licence of everything that became part of the command", () => {
    const licences = readFileSync(join(installed, "LICENSES.txt"), "utf8")
    const origins = commandFiles().flatMap((text) =>
      text.match(/^\/\/ .*(?<=\bnode_modules\/)(@[^/]+\/)?[^/]+/gm)
    )
    const packages = [...new Set(origins)]
      .filter((origin) => origin !== null)
      .map((origin) => origin.slice(3))
    expect(packages).toContain("node_modules/effect")
    for (const path of packages) {
      const { name, version } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"))
      expect(licences).toContain(`${name} ${version} (`)
      expect(licences).toContain(readFileSync(join(root, path, "LICENSE"), "utf8").trim())
    }
  })
})
