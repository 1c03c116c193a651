/**
 * Who a data directory is: its cluster, its node, its storage id, and how its log is laid out; one small file
 * that people can read.
 */
import { Effect, Option, Random, Schema } from "effect"
import { checksum } from "../checksum.ts"
import { StorageCorrupted, UnknownFormat, WrongCluster, WrongNode } from "./errors.ts"
import { type DiskFailed, Files } from "./port.ts"

const supportedFormat = 1

const Natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * `segments` counts the segment files that may hold records: it is raised, durably, before the first write to
 * one. So a segment file that went missing is noticed, and one whose preallocation a crash cut short is known
 * to be empty. `durable` is a position that the log had reached when it was noted: a log that ends before it
 * has lost something, though what is left looks sound. Segments before `first` were removed, and the first
 * frame of that one has the number `firstSequence`. Directories of older versions name no `node`. `cutting`:
 * what a torn write left behind the last frame is being cut off.
 */
const Identity = Schema.Struct({
  format: Schema.Literal(supportedFormat),
  clusterId: Schema.String,
  node: Schema.optionalKey(Schema.String),
  storageId: Schema.String,
  salt: Natural,
  segmentBytes: Natural,
  segments: Natural,
  durable: Natural,
  first: Natural.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  firstSequence: Natural.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  cutting: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
})
export type Identity = typeof Identity.Type

const decodeStored = Schema.decodeUnknownEffect(Schema.Struct({ ...Identity.fields, checksum: Natural }))
const decodeFields = Schema.decodeUnknownEffect(
  Schema.fromJsonString(
    Schema.StructWithRest(Schema.Struct({ format: Schema.Unknown }), [
      Schema.Record(Schema.String, Schema.Unknown)
    ])
  )
)

// A wrong salt would make every frame look torn, and the log would be cut to nothing: hence a checksum here
// too. The beginning counts only once it was moved, the node where it is named: before that, directories had
// no such fields.
const checksumOf = (identity: Identity): number =>
  checksum(
    JSON.stringify([
      identity.format,
      identity.clusterId,
      identity.storageId,
      identity.salt,
      identity.segmentBytes,
      identity.segments,
      identity.durable,
      ...(identity.first === 1 ? [] : [identity.first, identity.firstSequence]),
      ...(identity.node === undefined ? [] : [identity.node]),
      ...(identity.cutting ? ["cutting"] : [])
    ])
  )

const pathIn = (directory: string): string => `${directory}/identity.json`

const randomWord = Random.nextIntBetween(0, 0xffffffff)
const hex = (word: number): string => word.toString(16).padStart(8, "0")

/** Draws the identity of a directory that is to be formatted. */
export const drawIdentity = Effect.fnUntraced(function* (clusterId: string, segmentBytes: number) {
  const words = [yield* randomWord, yield* randomWord, yield* randomWord, yield* randomWord]
  const salt = yield* randomWord
  const storageId = words.map(hex).join("")
  return {
    format: supportedFormat,
    clusterId,
    storageId,
    salt,
    segmentBytes,
    segments: 0,
    durable: 0,
    first: 1,
    firstSequence: 1,
    cutting: false
  } satisfies Identity
})

/** Replaces the identity file; a crash leaves the old or the new one. */
export const writeIdentity = Effect.fnUntraced(function* (directory: string, identity: Identity) {
  const files = yield* Files
  const text = `${JSON.stringify({ ...identity, checksum: checksumOf(identity) }, null, 2)}\n`
  yield* files.writeFileAtomic(pathIn(directory), new TextEncoder().encode(text))
})

/** Reads the fields as those of the supported format; the checksum says whether they are. */
const decodeIdentity = Effect.fnUntraced(function* (fields: object) {
  const { checksum, ...identity } = yield* decodeStored({ ...fields, format: supportedFormat })
  return { identity, isWhole: checksum === checksumOf(identity) }
})

/** Reads the identity of a directory, undefined where it has none. One that names no node is any node's. */
export const readIdentity = Effect.fnUntraced(function* (
  directory: string,
  clusterId: string,
  node: string | undefined
): Effect.fn.Return<
  Identity | undefined,
  DiskFailed | StorageCorrupted | UnknownFormat | WrongCluster | WrongNode,
  Files
> {
  const files = yield* Files
  const path = pathIn(directory)
  const bytes = yield* files.readFile(path)
  if (bytes === undefined) return undefined
  const damaged = (reason: string) => new StorageCorrupted({ path, offset: 0, reason })
  const text = new TextDecoder().decode(bytes)
  const fields = yield* Effect.mapError(decodeFields(text), () => damaged("it is not JSON with a format"))
  const decoded = yield* Effect.option(decodeIdentity(fields))
  const isWhole = Option.isSome(decoded) && decoded.value.isWhole
  if (fields.format !== supportedFormat) {
    // A digit that has rotted must not look like the work of another version: people would go and find that.
    if (isWhole) return yield* damaged(`its checksum says it has format ${supportedFormat}; was it edited?`)
    const found = JSON.stringify(fields.format)
    return yield* new UnknownFormat({ path, found, supported: supportedFormat })
  }
  if (Option.isNone(decoded)) return yield* damaged("a field is missing or is not what it should be")
  if (!isWhole) return yield* damaged("its checksum does not hold; was it edited?")
  const { identity } = decoded.value
  if (identity.clusterId !== clusterId) {
    return yield* new WrongCluster({ directory, expected: clusterId, found: identity.clusterId })
  }
  if (node !== undefined && identity.node !== undefined && identity.node !== node) {
    return yield* new WrongNode({ directory, expected: node, found: identity.node })
  }
  return identity
})
