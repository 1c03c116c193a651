/** What the masters say to each other about their register, as positional arrays. */
import type { GroupId } from "../protocol/ids.ts"
import type { FromKeeper, Kept, RegisterValue, Ticket, ToKeeper } from "../protocol/master/cas-paxos.ts"
import type { Seat, Seats } from "../protocol/master/seats.ts"
import type { FileValue, PromisedIn, SeatTold as Told } from "../protocol/master/taking-seat.ts"
import { Fields } from "./fields.ts"
import { replicaOut, replicasOut } from "./protocol-codec.ts"

/** To a keeper of the register of the packet's group. */
export interface KeeperAsked {
  readonly _tag: "KeeperAsked"
  readonly ask: ToKeeper
}

/** `writes`: how many writes of its own were durable by then; it must never come back with fewer. */
export interface KeeperSaid {
  readonly _tag: "KeeperSaid"
  readonly answer: FromKeeper
  readonly writes: number
}

/** A master has started: asks the others what they know, and acceptors of a copy what they promised. */
export interface SeatAsk {
  readonly _tag: "SeatAsk"
}

export interface SeatTold {
  readonly _tag: "SeatTold"
  readonly told: Told
}

/** A master with a new disk takes its seat, and asks for what the keepers hold of groups behind `after`. */
export interface SeatClaim {
  readonly _tag: "SeatClaim"
  readonly seats: Seats
  readonly after: GroupId
}

export interface KeptOf {
  readonly group: GroupId
  readonly kept: Kept
}

export interface SeatGiven {
  readonly _tag: "SeatGiven"
  readonly seats: Seats
  /** Where the page begins; the pages of one keeper follow each other. */
  readonly after: GroupId
  readonly registers: ReadonlyArray<KeptOf>
  readonly isLast: boolean
}

export type RegisterMessage = KeeperAsked | KeeperSaid | SeatAsk | SeatTold | SeatClaim | SeatGiven

export const registerKinds = {
  KeeperAsked: 60,
  KeeperSaid: 61,
  SeatAsk: 62,
  SeatTold: 63,
  SeatClaim: 64,
  SeatGiven: 65
} as const

/** Whether a message is one of those that masters say to each other. */
export const isOfMasters = (body: { readonly _tag: string }): boolean => body._tag in registerKinds

const ticketOut = ({ number, proposer }: Ticket) => [number, proposer]
const ticketIn = (fields: Fields): Ticket => ({ number: fields.count(), proposer: fields.text() })
const ticketAt = (fields: Fields): Ticket => ticketIn(new Fields(fields.any()))

const valueOut = ({ version, text }: RegisterValue) => [version, text]
const valueIn = (fields: Fields): RegisterValue => ({ version: fields.count(), text: fields.text() })
const someValueOut = (value: RegisterValue | undefined) => (value === undefined ? null : valueOut(value))

export const seatsOut = (seats: Seats): ReadonlyArray<unknown> =>
  seats.map(({ generation, replica }) => [generation, replicaOut(replica)])
const seatIn = (fields: Fields): Seat => ({
  generation: fields.count(),
  replica: new Fields(fields.any()).replica()
})
export const seatsIn = (fields: Fields): Seats => fields.list(seatIn)

export const keptOut = ({ promised, accepted, value }: Kept): ReadonlyArray<unknown> => [
  ticketOut(promised),
  ticketOut(accepted),
  someValueOut(value)
]
export const keptIn = (fields: Fields): Kept => ({
  promised: ticketAt(fields),
  accepted: ticketAt(fields),
  value: fields.optional(valueIn)
})

const askOut = (ask: ToKeeper): ReadonlyArray<unknown> => {
  const head = [ask._tag, ticketOut(ask.ticket), seatsOut(ask.seats)]
  return ask._tag === "Write" ? [...head, valueOut(ask.value)] : head
}

const askIn = (fields: Fields): ToKeeper | undefined => {
  const _tag = fields.text()
  const asked = { ticket: ticketAt(fields), seats: seatsIn(fields) }
  if (_tag === "Peek" || _tag === "Claim") return { _tag, ...asked }
  return _tag === "Write" ? { _tag, ...asked, value: valueIn(new Fields(fields.any())) } : undefined
}

const answerOut = (answer: FromKeeper): ReadonlyArray<unknown> => {
  const head = [answer._tag, ticketOut(answer.ticket)]
  switch (answer._tag) {
    case "Held":
      return [...head, ...keptOut(answer)]
    case "Written":
      return head
    case "Outbid":
      return [...head, ticketOut(answer.promised)]
    case "Reseated":
      return [...head, seatsOut(answer.seats)]
  }
}

const answerIn = (fields: Fields): FromKeeper | undefined => {
  const _tag = fields.text()
  const ticket = ticketAt(fields)
  switch (_tag) {
    case "Held":
      return { _tag, ...keptIn(fields), ticket }
    case "Written":
      return { _tag, ticket }
    case "Outbid":
      return { _tag, ticket, promised: ticketAt(fields) }
    case "Reseated":
      return { _tag, ticket, seats: seatsIn(fields) }
    default:
      return undefined
  }
}

const fileOut = ({ group, value, newerFrom, voters }: FileValue) => [
  group,
  valueOut(value),
  newerFrom,
  replicasOut(voters)
]
const fileIn = (fields: Fields): FileValue => ({
  group: fields.group(),
  value: valueIn(new Fields(fields.any())),
  newerFrom: fields.ballot(),
  voters: fields.list((item) => item.replica())
})
export const promisedOut = ({ group, ballot }: PromisedIn) => [group, ballot]
export const promisedIn = (fields: Fields): PromisedIn => ({ group: fields.group(), ballot: fields.ballot() })

const registerOut = ({ group, kept }: KeptOf) => [group, ...keptOut(kept)]
const registerIn = (fields: Fields): KeptOf => ({ group: fields.group(), kept: keptIn(fields) })

export const registerMessageOut = (message: RegisterMessage): ReadonlyArray<unknown> => {
  switch (message._tag) {
    case "KeeperAsked":
      return askOut(message.ask)
    case "KeeperSaid":
      return [message.writes, ...answerOut(message.answer)]
    case "SeatAsk":
      return []
    case "SeatTold": {
      const { seats, floor, files, promised } = message.told
      return [seatsOut(seats), floor, files.map(fileOut), promised.map(promisedOut)]
    }
    case "SeatClaim":
      return [seatsOut(message.seats), message.after]
    case "SeatGiven": {
      const { seats, after, registers, isLast } = message
      return [seatsOut(seats), after, registers.map(registerOut), isLast]
    }
  }
}

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const registerMessageIn = (kind: number, fields: Fields): RegisterMessage | undefined => {
  switch (kind) {
    case registerKinds.KeeperAsked: {
      const ask = askIn(fields)
      return ask && { _tag: "KeeperAsked", ask }
    }
    case registerKinds.KeeperSaid: {
      const writes = fields.count()
      const answer = answerIn(fields)
      return answer && { _tag: "KeeperSaid", answer, writes }
    }
    case registerKinds.SeatAsk:
      return { _tag: "SeatAsk" }
    case registerKinds.SeatTold: {
      const told = { seats: seatsIn(fields), floor: fields.count(), files: fields.list(fileIn) }
      return { _tag: "SeatTold", told: { ...told, promised: fields.list(promisedIn) } }
    }
    case registerKinds.SeatClaim:
      return { _tag: "SeatClaim", seats: seatsIn(fields), after: fields.group() }
    case registerKinds.SeatGiven: {
      const head = { seats: seatsIn(fields), after: fields.group(), registers: fields.list(registerIn) }
      return { _tag: "SeatGiven", ...head, isLast: fields.any() === true }
    }
    default:
      return undefined
  }
}
