/**
 * The master's memory: one small value a group, changed by compare-and-set, durable before anybody is
 * answered.
 */
import { Data, Effect, Schema } from "effect"
import type { GroupId } from "../protocol/ids.ts"
import { emptyMaster, type MasterState } from "../protocol/master.ts"
import { type DiskFailed, Files } from "../runtime/storage/port.ts"
import { decodeMasterState, encodeMasterState } from "./master-state.ts"

/** What the register holds is not what a master wrote. */
export class RegisterCorrupted extends Data.TaggedError("RegisterCorrupted")<{
  readonly path: string
  readonly reason: string
}> {
  override get message(): string {
    return (
      `the master's file ${this.path} is damaged (${this.reason}); ` +
      "put back the file as it was last written: " +
      "an older copy would hand out ballots a second time"
    )
  }
}

export type RegisterFailure = DiskFailed | RegisterCorrupted

/**
 * A compare-and-set register of master states. Implementations: one file (single machine), memory (tests),
 * and, to survive the loss of a machine, a register replicated over several.
 */
export interface Register {
  /** The state and its version; a group never written is at version 0. */
  readonly read: (group: GroupId) => Effect.Effect<Versioned, RegisterFailure>
  /** Writes if the version is still `expected`; false, and nothing written, where it is not. */
  readonly compareAndSet: (
    group: GroupId,
    expected: number,
    state: MasterState
  ) => Effect.Effect<boolean, RegisterFailure>
}

export interface Versioned {
  readonly version: number
  readonly state: MasterState
}

const Stored = Schema.fromJsonString(Schema.Struct({ version: Schema.Int, state: Schema.Unknown }))
const decodeStored = Schema.decodeUnknownExit(Stored)

/** One file a group, replaced as a whole. It serves one process: the directory's lock is its compare. */
export const fileRegister = Effect.fnUntraced(function* (directory: string) {
  const files = yield* Files
  yield* files.makeDirectory(directory)
  const path = (group: GroupId) => `${directory}/${group}.json`
  const read = Effect.fnUntraced(function* (group: GroupId): Effect.fn.Return<Versioned, RegisterFailure> {
    const bytes = yield* files.readFile(path(group))
    if (bytes === undefined) return { version: 0, state: emptyMaster() }
    const stored = decodeStored(new TextDecoder().decode(bytes))
    const damaged = (reason: string) => new RegisterCorrupted({ path: path(group), reason })
    if (stored._tag === "Failure") return yield* damaged("it is not the JSON that was written")
    const state = decodeMasterState(stored.value.state)
    if (state === undefined) return yield* damaged("its fields are not those of a master's state")
    return { version: stored.value.version, state }
  })
  const register: Register = {
    read,
    compareAndSet: Effect.fnUntraced(function* (group, expected, state) {
      const { version } = yield* read(group)
      if (version !== expected) return false
      const text = JSON.stringify({ version: version + 1, state: encodeMasterState(state) }, undefined, 2)
      yield* files.writeFileAtomic(path(group), new TextEncoder().encode(text))
      return true
    })
  }
  return register
})
