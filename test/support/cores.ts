/** The protocol cores as a value, so that the same tests can drive them as they are or with a seeded bug. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { fileURLToPath, pathToFileURL } from "node:url"
import { acceptorStep } from "../../src/protocol/acceptor.ts"
import { idleLeader, leaderStep } from "../../src/protocol/leader.ts"
import { masterStep } from "../../src/protocol/master.ts"

export interface Cores {
  readonly acceptorStep: typeof acceptorStep
  readonly leaderStep: typeof leaderStep
  readonly idleLeader: typeof idleLeader
  readonly masterStep: typeof masterStep
}

export const realCores: Cores = { acceptorStep, leaderStep, idleLeader, masterStep }

/** One change of the source of a core: `find` must stand in the file exactly once. */
export interface Edit {
  readonly file: string
  readonly find: string
  readonly replace: string
}

const root = new URL("../..", import.meta.url)

/**
 * Copies the cores with the edits applied, loads the copies and removes them. The sources stay as they are.
 */
export const loadCores = async (edits: ReadonlyArray<Edit>): Promise<Cores> => {
  const source = fileURLToPath(new URL("src/protocol/", root))
  // Inside node_modules: ignored by git and by watchers, and `effect` is found from there.
  const names = readdirSync(source)
  for (const { file } of edits) if (!names.includes(file)) throw new Error(`${file}: no such file`)
  const folder = mkdtempSync(fileURLToPath(new URL("node_modules/.aplomb-cores-", root)))
  try {
    for (const name of names) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue
      const text = edited(name, readFileSync(source + name, "utf8"), edits)
      const script = stripTypeScriptTypes(text).replaceAll(/(from "\.\/[^"]*)\.ts"/g, '$1.mjs"')
      writeFileSync(`${folder}/${name.replace(/\.ts$/, ".mjs")}`, script)
    }
    const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(`${folder}/${name}.mjs`).href)
    const [acceptor, leader, master] = await Promise.all([load("acceptor"), load("leader"), load("master")])
    return { ...acceptor, ...leader, ...master }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const edited = (file: string, text: string, edits: ReadonlyArray<Edit>): string => {
  let result = text
  for (const edit of edits) {
    if (edit.file !== file) continue
    const count = result.split(edit.find).length - 1
    if (count !== 1) throw new Error(`${file}: the text to replace stands there ${count} times: ${edit.find}`)
    result = result.replace(edit.find, () => edit.replace)
  }
  return result
}
