/** What a keeper of the master's register writes into the log of its node, as bytes and back. */
import type { GroupId, Replica } from "../../protocol/ids.ts"
import type { Kept } from "../../protocol/master/cas-paxos.ts"
import type { Seats } from "../../protocol/master/seats.ts"
import { pack, unpack } from "../../runtime/codec.ts"
import { Fields, readFields } from "../../wire/fields.ts"
import { keptIn, keptOut, seatsIn, seatsOut } from "../../wire/register-codec.ts"

/** `writes` counts what this keeper has written in all. */
export type KeeperFact =
  | { readonly _tag: "Kept"; readonly writes: number; readonly group: GroupId; readonly kept: Kept }
  | { readonly _tag: "Seated"; readonly writes: number; readonly seats: Seats }
  /** Another master was heard to have written so much. */
  | { readonly _tag: "Floor"; readonly of: Replica; readonly writes: number }

/** Types of records of the node itself. A number is never used again for something else. */
const keeperTypes = { Kept: 20, Seated: 21, Floor: 22 } as const

const fieldsOf = (fact: KeeperFact): ReadonlyArray<unknown> => {
  switch (fact._tag) {
    case "Kept":
      return [fact.writes, fact.group, ...keptOut(fact.kept)]
    case "Seated":
      return [fact.writes, seatsOut(fact.seats)]
    case "Floor":
      return [fact.writes, fact.of.node, fact.of.storage]
  }
}

export const keeperRecord = (fact: KeeperFact): { readonly type: number; readonly bytes: Uint8Array } => ({
  type: keeperTypes[fact._tag],
  bytes: pack(fieldsOf(fact))
})

/** Undefined for a record of another kind. */
export const keeperFact = (type: number, bytes: Uint8Array): KeeperFact | undefined => {
  if (type < keeperTypes.Kept || type > keeperTypes.Floor) return undefined
  return readFields((): KeeperFact => {
    const fields = new Fields(unpack(bytes))
    const writes = fields.count()
    if (type === keeperTypes.Kept)
      return { _tag: "Kept", writes, group: fields.group(), kept: keptIn(fields) }
    if (type === keeperTypes.Seated) return { _tag: "Seated", writes, seats: seatsIn(fields) }
    return { _tag: "Floor", writes, of: fields.replica() }
  })
}
