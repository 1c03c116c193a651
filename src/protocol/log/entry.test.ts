/** Entries are read as they were written, and bytes that are none take a slot and do nothing. */
import { describe, expect, it } from "vitest"
import { Ballot, ClientId, RequestNumber, SessionId, Slot } from "../ids.ts"
import {
  closeEntry,
  commandOverheadBytes,
  countClientEntries,
  type EntryView,
  forEachEntry,
  keepAliveEntry,
  openEntry,
  startedEntry,
  writeCommand
} from "./entry.ts"
import { countEntries, joinBytes } from "./run.ts"

const read = (bytes: Uint8Array): ReadonlyArray<EntryView> => {
  const seen: Array<EntryView> = []
  const run = { ballot: Ballot(1), first: Slot(1), count: countEntries(bytes)!, atMs: 0, bytes }
  forEachEntry(run, (entry) => seen.push({ ...entry }))
  return seen
}

const command = (session: number, number: number, received: number, text: string): Uint8Array => {
  const machineCommand = new TextEncoder().encode(text)
  const bytes = new Uint8Array(commandOverheadBytes + machineCommand.length)
  const end = writeCommand(bytes, 0, SessionId(session), RequestNumber(number), received, machineCommand)
  expect(end).toBe(bytes.length)
  return bytes
}

const joined = (...parts: ReadonlyArray<Uint8Array>) =>
  joinBytes(
    parts,
    parts.reduce((sum, part) => sum + part.length, 0)
  )

describe("an entry", () => {
  it("of every kind is read as it was written, sessions up to 48 bits", () => {
    const session = 2 ** 48 - 1
    const bytes = joined(
      startedEntry(60_000),
      openEntry(ClientId("né")),
      command(session, 2 ** 32 - 1, 7, "x"),
      keepAliveEntry(SessionId(2 ** 40 + 5)),
      closeEntry(SessionId(6))
    )
    const [started, open, written, keepAlive, close] = read(bytes)
    expect(started).toMatchObject({ kind: "started" })
    expect(open).toMatchObject({ kind: "open", client: "né" })
    expect(written).toMatchObject({ kind: "command", session, number: 2 ** 32 - 1, received: 7 })
    expect(new TextDecoder().decode(written!.command)).toBe("x")
    expect(keepAlive).toMatchObject({ kind: "keepAlive", session: 2 ** 40 + 5 })
    expect(close).toMatchObject({ kind: "close", session: 6 })
  })

  it("that is too short for its kind, or of no kind, is unknown", () => {
    const short = new Uint8Array([2, 0, 0, 0, 2, 9])
    const strange = new Uint8Array([1, 0, 0, 0, 99])
    const empty = new Uint8Array([0, 0, 0, 0])
    const longClose = new Uint8Array([8, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0])
    expect(read(joined(short, strange, empty, longClose)).map(({ kind }) => kind)).toEqual(
      Array(4).fill("unknown")
    )
  })
})

describe("a client's bytes", () => {
  it("are counted by entries", () => {
    expect(countClientEntries(joined(command(1, 1, 0, "a"), openEntry(ClientId("c"))))).toBe(2)
    expect(countClientEntries(new Uint8Array(0))).toBe(0)
  })

  it("are refused where lengths do not add up, or where they claim what only a leader may write", () => {
    const good = command(1, 1, 0, "abc")
    for (let cut = 1; cut < good.length; cut++)
      expect(countClientEntries(good.subarray(0, cut))).toBeUndefined()
    expect(countClientEntries(startedEntry(60_000))).toBeUndefined()
    expect(countClientEntries(joined(good, startedEntry(60_000)))).toBeUndefined()
    expect(countClientEntries(new Uint8Array([1, 0, 0, 0, 99]))).toBeUndefined()
    expect(countClientEntries(new Uint8Array([255, 255, 255, 255, 2]))).toBeUndefined()
  })
})
