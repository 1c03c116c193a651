/**
 * The master's memory: one small value a group, changed by compare-and-set, durable before anybody is
 * answered.
 */
import { Effect, Schema } from "effect"
import type { GroupId } from "../../protocol/ids.ts"
import { emptyMaster, type MasterState } from "../../protocol/master/master.ts"
import { checksum } from "../../runtime/checksum.ts"
import { type DiskFailed, Files } from "../../runtime/storage/port.ts"
import { RegisterCorrupted, type RegisterUnavailable, type RegisterUnreadable } from "./register-errors.ts"
import { decodeMasterState, encodeMasterState } from "./state.ts"

/** `RegisterUnavailable` passes by itself; the others need somebody who acts. */
export type RegisterFailure = FileFailure | RegisterUnreadable | RegisterUnavailable
type FileFailure = DiskFailed | RegisterCorrupted

/**
 * A compare-and-set register of master states. Implementations: one file (single machine), memory (tests),
 * and, to survive the loss of a machine, a register replicated over several.
 */
export interface Register {
  /** The state and its version; a group never written is at version 0. */
  readonly read: (group: GroupId) => Effect.Effect<Versioned, RegisterFailure>
  /**
   * Writes if the version is still `expected`, which makes it one more; false where it is not. A replicated
   * register that was interrupted may find what it wrote itself, and says false: read, and take the step
   * again.
   */
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

const Stored = Schema.fromJsonString(
  Schema.Struct({
    version: Schema.Int,
    state: Schema.Unknown,
    /** Absent in a file of a version that wrote none. */
    checksum: Schema.optionalKey(Schema.Int)
  })
)
const decodeStored = Schema.decodeUnknownExit(Stored)

const checksumOf = ({ version, state }: { readonly version: number; readonly state: unknown }): number =>
  checksum(JSON.stringify([version, state]))

const masterTextOf = ({ version, state }: Versioned): string => {
  const plain = { version, state: encodeMasterState(state) }
  return `${JSON.stringify({ ...plain, checksum: checksumOf(plain) }, undefined, 2)}\n`
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The content of a master's file. */
export const masterFileOf = (means: Versioned): Uint8Array => bytesOf(masterTextOf(means))

/**
 * One file a group, replaced as a whole. It serves one process: the directory's lock is its compare. `isOne`
 * of several masters writes none, and reads what was put there.
 */
export const fileRegister = Effect.fnUntraced(function* (directory: string, isOne = false) {
  const files = yield* Files
  yield* files.makeDirectory(directory)
  const path = (group: GroupId) => `${directory}/${group}.json`
  // Nearly every read finds what was found or written last; to check it again takes longer than to read it.
  const found = new Map<GroupId, { readonly text: string; readonly means: Versioned }>()
  const read = Effect.fnUntraced(function* (group: GroupId): Effect.fn.Return<Versioned, FileFailure> {
    const bytes = yield* files.readFile(path(group))
    if (bytes === undefined) return { version: 0, state: emptyMaster() }
    const text = new TextDecoder().decode(bytes)
    const last = found.get(group)
    if (last?.text === text) return last.means
    const stored = decodeStored(text)
    const damaged = (reason: string) => new RegisterCorrupted({ path: path(group), reason, isOne })
    if (stored._tag === "Failure") return yield* damaged("it is not the JSON that was written")
    const { checksum } = stored.value
    if (checksum !== undefined && checksum !== checksumOf(stored.value))
      return yield* damaged("its checksum does not hold; was it edited?")
    const state = decodeMasterState(stored.value.state)
    if (state === undefined) return yield* damaged("its fields are not those of a master's state")
    const means = { version: stored.value.version, state }
    found.set(group, { text, means })
    return means
  })
  const register = {
    read,
    compareAndSet: Effect.fnUntraced(function* (
      group: GroupId,
      expected: number,
      state: MasterState
    ): Effect.fn.Return<boolean, FileFailure> {
      const { version } = yield* read(group)
      if (version !== expected) return false
      const means = { version: version + 1, state }
      const text = masterTextOf(means)
      yield* files.writeFileAtomic(path(group), bytesOf(text))
      found.set(group, { text, means })
      return true
    })
  }
  return register satisfies Register
})

export type FileRegister = Effect.Success<ReturnType<typeof fileRegister>>
