/** Reading positional fields that came from anywhere: whatever does not fit is refused as a whole. */
import {
  Ballot,
  ClientId,
  GroupId,
  NodeId,
  type Replica,
  RequestNumber,
  SessionId,
  Slot,
  StorageId
} from "../protocol/ids.ts"

class Misfit extends Error {}

/** The fields of one packed array, read in order. */
export class Fields {
  readonly #values: ReadonlyArray<unknown>
  #at: number

  constructor(values: unknown, from = 0) {
    if (!Array.isArray(values)) throw new Misfit("no array")
    this.#values = values
    this.#at = from
  }

  get left(): number {
    return this.#values.length - this.#at
  }

  any(): unknown {
    if (this.#at >= this.#values.length) throw new Misfit("too short")
    return this.#values[this.#at++]
  }

  count(): number {
    const value = this.any()
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Misfit("no count")
    return value as number
  }

  time(): number {
    const value = this.any()
    if (typeof value !== "number" || !Number.isFinite(value)) throw new Misfit("no time")
    return value
  }

  text(): string {
    const value = this.any()
    if (typeof value !== "string") throw new Misfit("no text")
    return value
  }

  texts(): ReadonlyArray<string> {
    const value = this.any()
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
      throw new Misfit("no texts")
    return value
  }

  bytes(): Uint8Array {
    const value = this.any()
    if (!(value instanceof Uint8Array)) throw new Misfit("no bytes")
    return value
  }

  list<A>(read: (fields: Fields) => A): ReadonlyArray<A> {
    const value = this.any()
    if (!Array.isArray(value)) throw new Misfit("no list")
    return value.map((item) => read(new Fields(item)))
  }

  optional<A>(read: (fields: Fields) => A): A | undefined {
    const value = this.any()
    return value === null ? undefined : read(new Fields(value))
  }

  ballot(): Ballot {
    return Ballot(this.count())
  }

  slot(): Slot {
    return Slot(this.count())
  }

  node(): NodeId {
    return NodeId(this.text())
  }

  group(): GroupId {
    return GroupId(this.text())
  }

  client(): ClientId {
    return ClientId(this.text())
  }

  session(): SessionId {
    return SessionId(this.count())
  }

  number(): RequestNumber {
    return RequestNumber(this.count())
  }

  replica(): Replica {
    return { node: this.node(), storage: StorageId(this.text()) }
  }
}

/** Undefined where a value does not have the fields that `read` asks for. */
export const readFields = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch (error) {
    if (error instanceof Misfit) return undefined
    throw error
  }
}
