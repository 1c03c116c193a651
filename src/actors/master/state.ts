/** The master's state as plain JSON and back: what its register keeps. */
import { Effect, Schema } from "effect"
import { Ballot, NodeId, StorageId } from "../../protocol/ids.ts"
import type { MasterState } from "../../protocol/master/master.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const BallotField = Count.pipe(Schema.fromBrand("Ballot", Ballot))
const NodeField = Schema.String.pipe(Schema.fromBrand("NodeId", NodeId))
const ReplicaFields = Schema.Struct({
  node: NodeField,
  storage: Schema.String.pipe(Schema.fromBrand("StorageId", StorageId))
})
const ConfigurationFields = Schema.Struct({
  ballot: BallotField,
  generation: Count,
  leader: ReplicaFields,
  acceptors: Schema.Array(ReplicaFields)
})
const IssuedFields = Schema.Struct({
  configuration: ConfigurationFields,
  prev: Schema.Struct({ ballot: BallotField, generation: Count }),
  requestId: Schema.String
})
const StateFields = Schema.Struct({
  nextBallot: BallotField,
  active: Schema.UndefinedOr(ConfigurationFields),
  latest: Schema.UndefinedOr(IssuedFields),
  minAcceptors: Count,
  drained: Schema.Array(NodeField).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  drains: Count.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))
})

const codec = Schema.toCodecJson(StateFields)
const decode = Schema.decodeUnknownExit(codec)

export const encodeMasterState: (state: MasterState) => unknown = Schema.encodeSync(codec)

/** Undefined where the value is none. */
export const decodeMasterState = (plain: unknown): MasterState | undefined => {
  const exit = decode(plain)
  return exit._tag === "Success" ? exit.value : undefined
}

/** The state as text: what a replicated register keeps. */
export const masterText = (state: MasterState): string => JSON.stringify(encodeMasterState(state))

/** Undefined where the text is no master's state. */
export const masterOfText = (text: string): MasterState | undefined => {
  try {
    return decodeMasterState(JSON.parse(text))
  } catch {
    return undefined
  }
}
