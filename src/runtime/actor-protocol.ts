/** What an actor can be told and asked: tagged messages with schemas for payload, reply and error. */
import { Cause, Exit, Result, Schema } from "effect"
import type { DeadLetterReason } from "./dead-letters.ts"
import { messageOf } from "./message-of.ts"

/** A schema that needs no services to encode or decode. */
type PlainCodec = Schema.Codec<unknown, unknown>

export interface MessageDefinition {
  /** Fields of the payload. Default: none. */
  readonly payload?: { readonly [field: string]: PlainCodec }
  /** Makes the message a question: what an answer carries. `Schema.Void` for a bare acknowledgement. */
  readonly reply?: PlainCodec
  /** Error that the answer to a question can be instead. */
  readonly error?: PlainCodec
}

export type Definitions = { readonly [tag: string]: MessageDefinition }

export type TagOf<D extends Definitions> = keyof D & string
/** Tags of questions. */
export type AskTagOf<D extends Definitions> = {
  [T in TagOf<D>]: D[T] extends { readonly reply: PlainCodec } ? T : never
}[TagOf<D>]
export type PayloadOf<D extends Definitions, T extends TagOf<D>> = D[T] extends {
  readonly payload: infer F extends Schema.Struct.Fields
}
  ? Schema.Struct<F>["Type"]
  : undefined
export type ReplyOf<D extends Definitions, T extends TagOf<D>> = D[T] extends {
  readonly reply: infer C extends PlainCodec
}
  ? C["Type"]
  : // biome-ignore lint/suspicious/noConfusingVoidType: the handler of a plain message returns nothing
    void
export type ErrorOf<D extends Definitions, T extends TagOf<D>> = D[T] extends {
  readonly error: infer C extends PlainCodec
}
  ? C["Type"]
  : never
/** The payload as an argument that can be left out where there is none. */
export type PayloadArgument<D extends Definitions, T extends TagOf<D>> =
  PayloadOf<D, T> extends undefined ? [payload?: undefined] : [payload: PayloadOf<D, T>]

/** What becomes of a question. */
export type Answer =
  | { readonly _tag: "Reply"; readonly value: unknown }
  | { readonly _tag: "Failure"; readonly error: unknown }
  | { readonly _tag: "Refused"; readonly reason: DeadLetterReason; readonly detail: string }

/** A message of a protocol on its way, with whom to answer where it is a question. */
export interface Envelope {
  readonly tag: string
  readonly payload: unknown
  readonly answer: ((answer: Answer) => void) | undefined
}

/** A message of the protocol D, for timers and watches. */
export interface Message<D extends Definitions> extends Envelope {
  readonly protocol?: D
}

/** One way of a codec: the value, or why it does not fit. */
export type Convert = (value: unknown) => Result.Result<unknown, string>

export interface Conversion {
  readonly encode: Convert
  readonly decode: Convert
}

export interface MessageCodec {
  readonly payload: Conversion
  /** Undefined where the message is not a question. */
  readonly reply: Conversion | undefined
  readonly error: Conversion | undefined
}

export interface Protocol<D extends Definitions> {
  readonly name: string
  readonly definitions: D
  /** A message as a value, for timers and watches. */
  readonly message: <T extends TagOf<D>>(tag: T, ...payload: PayloadArgument<D, T>) => Message<D>
  readonly codecs: ReadonlyMap<string, MessageCodec>
}

const orReason = (exit: Exit.Exit<unknown, unknown>): Result.Result<unknown, string> =>
  Exit.isSuccess(exit) ? Result.succeed(exit.value) : Result.fail(reasonOf(exit.cause))

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const failure = Cause.squash(cause)
  return messageOf(failure)
}

const conversion = (schema: PlainCodec): Conversion => {
  const codec = Schema.toCodecJson(schema)
  const encode = Schema.encodeUnknownExit(codec)
  const decode = Schema.decodeUnknownExit(codec)
  return { encode: (value) => orReason(encode(value)), decode: (value) => orReason(decode(value)) }
}

const nothing: Conversion = { encode: () => Result.succeed(null), decode: () => Result.succeed(undefined) }

/**
 * Defines what actors of a kind can be told and asked. Messages cross a process boundary as JSON values of
 * these schemas, so whatever they hold must be encodable: a schema that needs services or promises is refused
 * by the types or fails as `MalformedMessage`.
 *
 * @example
 * ```ts
 * const Counter = protocol("Counter", {
 *   Add: { payload: { amount: Schema.Int } },
 *   Read: { reply: Schema.Int }
 * })
 * ```
 */
export const protocol = <const D extends Definitions>(name: string, definitions: D): Protocol<D> => ({
  name,
  definitions,
  message: (tag, ...[payload]) => ({ tag, payload, answer: undefined }),
  codecs: new Map(
    Object.entries(definitions).map(([tag, { payload, reply, error }]): [string, MessageCodec] => [
      tag,
      {
        payload: payload === undefined ? nothing : conversion(Schema.Struct(payload)),
        reply: reply === undefined ? undefined : conversion(reply),
        error: error === undefined ? undefined : conversion(error)
      }
    ])
  )
})
