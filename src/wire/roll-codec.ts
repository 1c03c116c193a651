/** What nodes say of groups that they lead in silence, as positional arrays. */
import type { Roll, RollEntry, Rouse } from "../protocol/liveness/roll.ts"
import type { Fields } from "./fields.ts"

export const rollKinds = { Roll: 80, Rouse: 81 } as const

const entryOut = ({ group, ballot, generation, chosen }: RollEntry): ReadonlyArray<unknown> => [
  group,
  ballot,
  generation,
  chosen
]

const entryIn = (fields: Fields): RollEntry => ({
  group: fields.group(),
  ballot: fields.ballot(),
  generation: fields.count(),
  chosen: fields.slot()
})

export const rollOut = (message: Roll | Rouse): ReadonlyArray<unknown> =>
  message._tag === "Roll" ? [message.entries.map(entryOut)] : [message.ballot]

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const rollIn = (kind: number, fields: Fields): Roll | Rouse | undefined => {
  if (kind === rollKinds.Roll) return { _tag: "Roll", entries: fields.list(entryIn) }
  return kind === rollKinds.Rouse ? { _tag: "Rouse", ballot: fields.ballot() } : undefined
}
