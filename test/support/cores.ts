/** The protocol cores with a seeded bug, loaded beside those without. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { dirname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { applyEdits, type Edit } from "../../src/sim/mutants/mutant.ts"
import type { Cores } from "../../src/sim/search/cores.ts"

const root = new URL("../..", import.meta.url)

/**
 * Copies the cores with the edits applied, loads the copies and removes them. The sources stay as they are.
 */
export const loadCores = async (edits: ReadonlyArray<Edit>): Promise<Cores> => {
  const source = fileURLToPath(new URL("src/protocol/", root))
  // Inside node_modules: ignored by git and by watchers, and `effect` is found from there.
  const names = readdirSync(source, { recursive: true, encoding: "utf8" })
  for (const { file } of edits) {
    if (!names.includes(file.replace("protocol/", ""))) throw new Error(`${file}: no such file`)
  }
  const folder = mkdtempSync(fileURLToPath(new URL("node_modules/.aplomb-cores-", root)))
  try {
    for (const name of names) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue
      const text = applyEdits(`protocol/${name}`, readFileSync(source + name, "utf8"), edits)
      const script = stripTypeScriptTypes(text).replaceAll(/(from "\.\.?\/[^"]*)\.ts"/g, '$1.mjs"')
      const copy = `${folder}/${name.replace(/\.ts$/, ".mjs")}`
      mkdirSync(dirname(copy), { recursive: true })
      writeFileSync(copy, script)
    }
    const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(`${folder}/${name}.mjs`).href)
    const files = [
      ...["acceptor/acceptor", "acceptor/lease", "leader/leader", "leader/held-lease"],
      ...["master/cas-paxos", "master/master", "membership/outsider"]
    ]
    const parts = await Promise.all(files.map(load))
    return Object.assign({}, ...parts)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
