/** The documents speak of what is there: files, links and seeded bugs that they name exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { mutants as simMutants } from "../src/sim/mutants/catalogue.ts"
import { searchMutants } from "../src/sim/mutants/catalogue-search.ts"
import { exhaustiveMutants } from "../src/sim/mutants/catalogue-search-exhaustive.ts"
import { scenarios } from "../src/sim/scenarios/named.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string): string => readFileSync(root + path, "utf8")
const matches = (text: string, pattern: RegExp): ReadonlyArray<string> =>
  [...text.matchAll(pattern)].map((found) => found[1]!)

const documents = readdirSync(`${root}docs`, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => `docs/${path.replaceAll("\\", "/")}`)

/**
 * Paths from the root, as `src/...`, `test/...` or `examples/...`, and `actors/...` for a file of a floor.
 */
const pathsIn = (text: string) => [
  ...matches(text, /(?<![\w./-])((?:src|test|examples|scripts)\/[\w./-]*\w(?:\.ts|\.txt|\/)?)(?![\w*])/g),
  ...matches(text, /`((?:protocol|runtime|machines|wire|actors|client|sim|cli)\/[\w./-]+\.ts)`/g).map(
    (path) => `src/${path}`
  )
]

/** The heading's name in a link, as GitHub makes it. */
const anchorsIn = (text: string) =>
  matches(text, /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-")
  )

describe("the documents", () => {
  it("name only files that there are", () => {
    const named = documents.flatMap((path) => pathsIn(read(path)).map((name) => ({ path, name })))
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter(({ name }) => !existsSync(root + name))).toEqual([])
  })

  it("link only to what there is, headings included", () => {
    const broken = documents.flatMap((path) =>
      matches(read(path), /\]\((?!https?:)([^)\s]+)\)/g).flatMap((link) => {
        const [file = "", anchor] = link.split("#")
        const url = new URL(file === "" ? `file://${root}${path}` : file, `file://${root}${path}`)
        if (!existsSync(url)) return [`${path}: ${link}`]
        const isThere = anchor === undefined || anchorsIn(readFileSync(url, "utf8")).includes(anchor)
        return isThere ? [] : [`${path}: ${link}`]
      })
    )
    expect(broken).toEqual([])
  })
})

describe("the table of simulations", () => {
  it("has each one that has a name, once", () => {
    const rows = read("docs/simulation.md").match(/^\| simulation \|[\s\S]*?\n\n/m)![0]
    const named = rows.split("\n").flatMap((row) => matches(row.split("|")[1] ?? "", /`([\w-]+)`/g))
    expect([...named].sort()).toEqual(scenarios.map(({ name }) => name).sort())
  })
})

describe("the traps of the protocol", () => {
  const traps = read("docs/protocol.md").replace(/\n {2}/g, " ")

  it("are each found by a seeded bug of that name in the model", () => {
    const named = matches(traps, /model: "([^"]+)"/g)
    const chaos = read("test/model/chaos.test.ts")
    const known = (name: string) =>
      [...searchMutants, ...exhaustiveMutants].some(({ id }) => id === name) || chaos.includes(`"${name}"`)
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !known(name))).toEqual([])
  })

  it("are each found by a seeded bug of that name in the simulator", () => {
    const ids = simMutants.map(({ id }) => id)
    const kinds = [...new Set(ids.map((id) => id.split("/")[0]))].join("|")
    const named = matches(traps, new RegExp(`\`((?:${kinds})/[a-z-]+)\``, "g"))
    expect(named.length).toBeGreaterThan(12)
    expect(named.filter((name) => !ids.includes(name))).toEqual([])
  })
})
