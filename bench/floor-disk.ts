/**
 * Floor: one synced write of 4 KB into a preallocated file, with three processes writing at once. Run as
 * `write` it is one of them.
 */
import { closeSync, constants, fsyncSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { runAlone } from "./alone.ts"
import { medianOf, run, temporaryDirectory } from "./processes.ts"

const fileBytes = 16 * 1024 * 1024
const blockBytes = 4096

const write = (path: string, forMs: number): void => {
  const zeros = Buffer.alloc(1024 * 1024)
  const plain = openSync(path, "w")
  for (let offset = 0; offset < fileBytes; offset += zeros.length)
    writeSync(plain, zeros, 0, zeros.length, offset)
  fsyncSync(plain)
  closeSync(plain)
  const file = openSync(path, constants.O_RDWR | constants.O_DSYNC)
  const block = Buffer.alloc(blockBytes, 1)
  const latencies: Array<number> = []
  const endMs = performance.now() + forMs
  for (let offset = 0; performance.now() < endMs; offset = (offset + blockBytes) % fileBytes) {
    const startMs = performance.now()
    writeSync(file, block, 0, blockBytes, offset)
    latencies.push(performance.now() - startMs)
  }
  console.log(JSON.stringify({ p50Ms: medianOf(latencies) }))
}

/** Median latency of a synced write in each of three processes, and the median of these. */
export const measureSyncedWrites = async (forMs: number): Promise<{ readonly p50Ms: number }> => {
  const directory = temporaryDirectory()
  const texts = await Promise.all(
    [1, 2, 3].map((number) =>
      run(process.execPath, [import.meta.filename, "write", join(directory, String(number)), String(forMs)])
    )
  )
  return { p50Ms: medianOf(texts.map((text) => (JSON.parse(text) as { p50Ms: number }).p50Ms)) }
}

if (process.argv[2] === "write") write(process.argv[3]!, Number(process.argv[4]))
else await runAlone(import.meta.filename, measureSyncedWrites)
