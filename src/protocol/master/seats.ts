/**
 * Which replica keeps a copy of the master's register for each master: a disk that was lost loses its seat to
 * the one that comes after it.
 */
import { type NodeId, type Replica, sameReplica } from "../ids.ts"

/** Named by its node. Whoever takes it raises the generation: what the one before has said is void then. */
export interface Seat {
  readonly generation: number
  readonly replica: Replica
}

/** One seat for each master, ordered by node. None: this replica has never had one. */
export type Seats = ReadonlyArray<Seat>

/** The seats of the first keepers. */
export const firstSeats = (replicas: ReadonlyArray<Replica>): Seats =>
  ordered(replicas.map((replica) => ({ generation: 1, replica })))

const ordered = (seats: ReadonlyArray<Seat>): Seats =>
  [...seats].sort((a, b) => (a.replica.node < b.replica.node ? -1 : 1))

/** Two who took a seat in one generation: the storage decides, everywhere alike. */
const isLater = (a: Seat, b: Seat): boolean =>
  a.generation !== b.generation ? a.generation > b.generation : a.replica.storage > b.replica.storage

const seatOf = (seats: Seats, node: NodeId): Seat | undefined =>
  seats.find(({ replica }) => replica.node === node)

export const isSeated = (seats: Seats, replica: Replica): boolean =>
  seats.some((seat) => sameReplica(seat.replica, replica))

/** Whether both speak of the same masters. */
export const sameMasters = (seats: Seats, nodes: ReadonlyArray<string>): boolean =>
  seats.length === nodes.length && seats.every(({ replica }) => nodes.includes(replica.node))

/** Whether every seat of `a` is as late as that of `b`. Both must speak of the same masters. */
export const covers = (a: Seats, b: Seats): boolean => {
  for (const [index, seat] of b.entries()) {
    const mine = a[index]
    if (mine?.replica.node !== seat.replica.node || isLater(seat, mine)) return false
  }
  return a.length === b.length
}

/** The later one of each seat of `a`. */
export const mergeSeats = (a: Seats, b: Seats): Seats =>
  a.length === 0 ? b : a.map((seat) => later(seat, seatOf(b, seat.replica.node) ?? seat))

const later = (a: Seat, b: Seat): Seat => (isLater(b, a) ? b : a)

/** The seats after this replica has taken the one of its node. */
export const takeSeat = (seats: Seats, self: Replica): Seats =>
  seats.map((seat) =>
    seat.replica.node === self.node ? { generation: seat.generation + 1, replica: self } : seat
  )

/** How many keepers decide: any two such sets have one in common. */
export const majorityOf = (seats: Seats): number => Math.floor(seats.length / 2) + 1
