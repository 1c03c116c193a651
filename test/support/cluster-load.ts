/** A file of real records for loading: the 274,137 English words of the npm package `word-list`, numbered. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import wordListPath from "word-list"
import { aplomb, aplombMain, type Cluster, clusterName } from "./cluster.ts"
import { type OwnedProcess, ownedProcess } from "./processes.ts"

export interface WordFile {
  /** Lines of word, tab, number. */
  readonly path: string
  readonly count: number
  /** What a dump of the store is to be, line by line: in key order, each word once. */
  readonly dump: ReadonlyArray<string>
}

/**
 * Writes the words, or the first so many, in an order that is not the store's own, so that a dump that only
 * echoes would be seen.
 */
export const writeWords = (directory: string, atMost = Number.POSITIVE_INFINITY): WordFile => {
  const words = readFileSync(wordListPath, "utf8").split("\n").slice(0, atMost)
  const numbered = words.map((word, index) => ({ key: word, value: String(index) }))
  const shuffled = numbered.map((_, index) => numbered[(index * 7919) % numbered.length]!)
  const path = join(directory, "words.tsv")
  writeFileSync(path, shuffled.map(({ key, value }) => `${key}\t${value}\n`).join(""))
  const dump = [...numbered].sort((a, b) => (a.key < b.key ? -1 : 1)).map((record) => JSON.stringify(record))
  return { path, count: words.length, dump }
}

const addressOf = (cluster: Cluster): ReadonlyArray<string> => [
  "--servers",
  `127.0.0.1:${cluster.nats.port}`,
  "--cluster",
  clusterName
]

/** Begins `aplomb kv load` in a process of its own. */
export const beginLoad = (cluster: Cluster, path: string): Effect.Effect<OwnedProcess, never, Scope.Scope> =>
  ownedProcess({
    command: process.execPath,
    args: [aplombMain, "kv", "load", path, "--timeout", "120s", "--json", ...addressOf(cluster)]
  })

/** The lines that `aplomb kv dump` prints. */
export const dumpOf = (cluster: Cluster) =>
  Effect.map(aplomb(["kv", "dump", ...addressOf(cluster)]), ({ code, stdout, log }) => {
    if (code !== 0) throw new Error(`the dump failed:\n${log.slice(-4000)}\n${cluster.log()}`)
    return stdout.split("\n").filter((line) => line !== "")
  })

/** Where two lists first differ, in words; undefined where they are equal. */
export const firstDifference = (
  found: ReadonlyArray<string>,
  expected: ReadonlyArray<string>
): string | undefined => {
  const length = Math.max(found.length, expected.length)
  for (let index = 0; index < length; index++) {
    if (found[index] === expected[index]) continue
    const counts = `${found.length} lines, expected ${expected.length}`
    return `line ${index + 1} is ${found[index]}, expected ${expected[index]} (${counts})`
  }
  return undefined
}
