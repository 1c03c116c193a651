/** The house rules hold in every file, and each rule is seen catching a bad sample. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { missingFrom } from "../scripts/complete-lock.ts"
import { changelogIsOpen, type Rule, rules } from "./tidy/rules.ts"
import { type Finding, parseSource } from "./tidy/source.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Files that git tracks or would add, so that new files are held to the rules before their first commit. */
const filesOfRepository = () =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8"
  })
    .split("\n")
    .filter((path) => path !== "" && existsSync(root + path))

const files = filesOfRepository()
const sources = files
  .filter((path) => /\.[cm]?tsx?$/.test(path))
  .map((path) => parseSource(path, readFileSync(root + path, "utf8")))

const show = (findings: ReadonlyArray<Finding>) =>
  findings.map(({ path, line, message }) => `${path}:${line} ${message}`).join("\n")

/** What a rule finds in a made-up file. */
const findingsIn = (rule: Rule, path: string, text: string) =>
  rule(parseSource(path, text)).map(({ line }) => line)

const opening = "/** A sample for the tests. */\n"
const lines = (count: number) => "export const x = 1\n".repeat(count)

describe("the repository", () => {
  it("has sources to look at", () => {
    expect(sources.length).toBeGreaterThan(10)
  })

  for (const [name, rule] of Object.entries(rules)) {
    it(`keeps the rule ${name}`, () => {
      expect(show(sources.flatMap(rule))).toBe("")
    })
  }

  it("has a source for every published entry point", () => {
    const { exports, bin } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
      readonly exports: Record<string, string | { readonly default: string }>
      readonly bin: Record<string, string>
    }
    const built = [
      ...Object.values(exports).map((to) => (typeof to === "string" ? to : to.default)),
      ...Object.values(bin)
    ]
    const published = built.filter((path) => path.startsWith("./dist/"))
    const missing = published
      .map((path) => path.replace("./dist/", "src/").replace(/\.js$/, ".ts"))
      .filter((path) => !existsSync(root + path))
    expect(published.length).toBe(8)
    expect(missing).toEqual([])
  })

  it("has a lock file that npm ci takes on every platform and that names no download address", () => {
    const lock = readFileSync(`${root}package-lock.json`, "utf8")
    expect(Object.keys(missingFrom(JSON.parse(lock).packages)).join("\n")).toBe("")
    expect(lock).not.toContain('"resolved"')
  })

  it("holds only files of the kinds that people write, nothing that a tool left behind", () => {
    const written =
      /\.(ts|md|json|jsonl|txt|sh|cjs|conf)$|^(LICENSE|\.gitignore|\.npmrc|\.ci\/run|scripts\/[a-z]+)$/
    expect(files.filter((path) => !written.test(path))).toEqual([])
    expect(written.test("isolate-0x1-2-v8.log")).toBe(false)
  })

  it("keeps the changelog open at Unreleased", () => {
    expect(changelogIsOpen(readFileSync(`${root}CHANGELOG.md`, "utf8"))).toBe(true)
  })
})

describe("the rule", () => {
  it("parses: reports a file that is not TypeScript", () => {
    expect(findingsIn(rules.parses, "src/a.ts", "const = 1")).toEqual([1])
    expect(findingsIn(rules.parses, "src/a.ts", "const a: number = 1")).toEqual([])
  })

  it("shortFile: takes 300 lines and refuses 301", () => {
    expect(findingsIn(rules.shortFile, "src/a.ts", lines(300))).toEqual([])
    expect(findingsIn(rules.shortFile, "src/a.ts", lines(301))).toEqual([301])
  })

  it("shortLines: takes 110 characters and refuses 111", () => {
    expect(findingsIn(rules.shortLines, "src/a.ts", `\n// ${"x".repeat(107)}\n`)).toEqual([])
    expect(findingsIn(rules.shortLines, "src/a.ts", `\n// ${"x".repeat(108)}\n`)).toEqual([2])
  })

  it("shortFunctions: takes 70 lines and refuses 71, in every shape of function", () => {
    const body = (count: number) => `{\n${"f()\n".repeat(count - 2)}}`
    const shapes = ["const a = () => ", "function a() ", "const a = function* () ", "class A { a() "]
    for (const shape of shapes) {
      const end = shape.startsWith("class") ? "}" : ""
      expect(findingsIn(rules.shortFunctions, "src/a.ts", shape + body(70) + end)).toEqual([])
      expect(findingsIn(rules.shortFunctions, "src/a.ts", shape + body(71) + end)).toEqual([1])
    }
  })

  it("shortFunctions: lets a describe be longer, but not the test inside it", () => {
    const test = `it("claims", () => {\n${"f()\n".repeat(100)}})\n`
    expect(findingsIn(rules.shortFunctions, "src/a.test.ts", `describe("x", () => {\n${test}})`)).toEqual([2])
  })

  it("pureCores: refuses each word in code, in protocol and machines", () => {
    const words = ["Date.now()", "Math.random()", "setTimeout(f, 1)", "performance.now()", "new Promise(f)"]
    const more = ["async () => 1", "console.log(1)", "process.env", "1 as any"]
    for (const word of [...words, ...more]) {
      const sample = `${opening}export const a = ${word}\n`
      expect(findingsIn(rules.pureCores, "src/protocol/a.ts", sample), word).toEqual([2])
      expect(findingsIn(rules.pureCores, "src/machines/a.ts", sample), word).toEqual([2])
      expect(findingsIn(rules.pureCores, "src/runtime/a.ts", sample), word).toEqual([])
    }
  })

  it("pureCores: lets comments, strings, templates and patterns speak of anything", () => {
    const sample = `${opening}// any Date\nexport const a = ["any", \`Promise \${1}\`, /process/, 'async']\n`
    expect(findingsIn(rules.pureCores, "src/protocol/a.ts", sample)).toEqual([])
    const inside = `${opening}export const a = \`x \${Math.random()}\`\n`
    expect(findingsIn(rules.pureCores, "src/protocol/a.ts", inside)).toEqual([2])
  })

  it("virtualTime: refuses real time, randomness and promises outside the adapters", () => {
    const uses = ["Effect.promise(f)", "Effect.tryPromise(f)", "new Promise(f)", "setTimeout(f, 1)"]
    const more = ["setImmediate(f)", "queueMicrotask(f)", "process.nextTick(f)", "Date.now()", "new Date()"]
    for (const use of [...uses, ...more, "performance.now()", "Math.random()"]) {
      expect(findingsIn(rules.virtualTime, "src/actors/a.ts", `${opening}${use}\n`), use).toEqual([2])
      expect(findingsIn(rules.virtualTime, "src/actors/a.test.ts", `${opening}${use}\n`), use).toEqual([2])
      expect(findingsIn(rules.virtualTime, "src/runtime/bus/nats.ts", `${opening}${use}\n`), use).toEqual([])
      expect(findingsIn(rules.virtualTime, "test/e2e/a.test.ts", `${opening}${use}\n`), use).toEqual([])
    }
  })

  it("wallClock: refuses it where intervals are measured", () => {
    const use = `${opening}yield* Clock.currentTimeMillis\n`
    expect(findingsIn(rules.wallClock, "src/actors/a.ts", use)).toEqual([2])
    expect(findingsIn(rules.wallClock, "src/client/a.ts", use.replace("Millis", "MillisUnsafe()"))).toEqual([
      2
    ])
    expect(findingsIn(rules.wallClock, "src/actors/presence/presence.ts", use)).toEqual([])
  })

  it("nothingLeftOver: refuses notes to self, in comments too", () => {
    for (const word of ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) {
      expect(findingsIn(rules.nothingLeftOver, "test/a.ts", `${opening}// ${word}: later\n`)).toEqual([2])
    }
  })

  it("saysWhatItIs: demands one sentence before anything but a shebang", () => {
    const bad = [
      "export const a = 1\n",
      "// A sample.\n",
      "/* A sample. */\n",
      "/** Sample */\n",
      `import "a"\n${opening}`
    ]
    for (const text of bad) expect(findingsIn(rules.saysWhatItIs, "src/a.ts", text), text).toEqual([1])
    const good = [opening, `#!/usr/bin/env node\n${opening}`, "/**\n * A sample for the tests.\n */\n"]
    for (const text of good) expect(findingsIn(rules.saysWhatItIs, "src/a.ts", text), text).toEqual([])
  })

  it("noBarrel: refuses index files", () => {
    expect(findingsIn(rules.noBarrel, "src/runtime/index.ts", opening)).toEqual([1])
    expect(findingsIn(rules.noBarrel, "src/runtime/reindex.ts", opening)).toEqual([])
  })

  it("noImportTypes: refuses a type imported inside an expression", () => {
    const sample = `${opening}export type A = import("../sim/world.ts").World\n`
    expect(findingsIn(rules.noImportTypes, "src/actors/a.ts", sample)).toEqual([2])
  })

  it("clientTakesTypesOnly: refuses the code of a machine in the client", () => {
    const value = `${opening}import { kv } from "../machines/kv.ts"\n`
    const type = `${opening}import type { Kv } from "../machines/kv.ts"\n`
    expect(findingsIn(rules.clientTakesTypesOnly, "src/client/kv.ts", value)).toEqual([2])
    expect(findingsIn(rules.clientTakesTypesOnly, "src/client/kv.ts", type)).toEqual([])
    expect(findingsIn(rules.clientTakesTypesOnly, "src/client/aplomb.ts", value)).toEqual([])
  })

  it("missingFrom: finds a package for another platform without an entry, and what its name tells", () => {
    const asking = { optionalDependencies: { "a-linux-x64": "1.0.0", "@b/core-darwin-arm64": "1.0.0" } }
    const packages = {
      "node_modules/a": asking,
      "node_modules/a-linux-x64": { os: ["linux"], integrity: "sum" }
    }
    expect(missingFrom(packages)).toEqual({
      "node_modules/@b/core-darwin-arm64": { version: "1.0.0", cpu: ["arm64"], os: ["darwin"] }
    })
  })

  it("changelogIsOpen: wants Unreleased as the first heading", () => {
    expect(changelogIsOpen("# Changelog\n\n## Unreleased\n\nx\n\n## 0.1.0\n")).toBe(true)
    expect(changelogIsOpen("# Changelog\n\n## 0.1.0\n\n## Unreleased\n")).toBe(false)
    expect(changelogIsOpen("# Changelog\n\n## 0.1.0\n")).toBe(false)
  })
})
