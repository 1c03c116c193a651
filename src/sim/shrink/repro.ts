/** A failing case as a file: everything that is needed to run it again, and why it failed. */
import { Cause, Option, Schema } from "effect"
import { messageOf } from "../../runtime/message-of.ts"
import { formatRecipe, readRecipe } from "../kernel/random.ts"
import type { Case } from "./shrink.ts"

const Scheduler = Schema.Struct({
  mode: Schema.optionalKey(Schema.Literals(["inline", "hop", "preempt"])),
  choice: Schema.optionalKey(Schema.Literals(["uniform", "fifo", "priorities"])),
  preemptEvery: Schema.optionalKey(Schema.Number),
  changePoints: Schema.optionalKey(Schema.Number),
  changeHorizonSteps: Schema.optionalKey(Schema.Number)
})

const Fields = Schema.Struct({
  format: Schema.Literal("aplomb-repro/1"),
  scenario: Schema.String,
  recipe: Schema.String,
  without: Schema.Array(Schema.String),
  limits: Schema.Record(Schema.String, Schema.Number),
  scheduler: Schema.optionalKey(Scheduler),
  law: Schema.String,
  message: Schema.String
})

const decode = Schema.decodeUnknownExit(Schema.fromJsonString(Fields))
const decodeFormat = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ format: Fields.fields.format }))
)

/** What is wrong, on one line. */
const problemOf = (cause: Cause.Cause<unknown>): string =>
  messageOf(Cause.squash(cause)).replaceAll(/\s*\n\s*/g, " ")

/** A case of a scenario with the law that it broke when it was saved. */
export interface Repro {
  readonly scenario: string
  readonly case: Case
  readonly law: string
  readonly message: string
}

/** The text of a repro file: JSON, one field a line, so that two of them can be compared by eye. */
export const formatRepro = (repro: Repro): string => {
  const { recipe, without, limits, scheduler } = repro.case
  const fields: typeof Fields.Type = {
    format: "aplomb-repro/1",
    scenario: repro.scenario,
    recipe: formatRecipe(recipe),
    without,
    limits,
    ...(scheduler === undefined ? {} : { scheduler }),
    law: repro.law,
    message: repro.message
  }
  return `${JSON.stringify(fields, undefined, 2)}\n`
}

/** Reads what `formatRepro` wrote; a sentence where the text is no repro file. */
export const parseRepro = (text: string): Repro | string => {
  const exit = decode(text)
  if (exit._tag === "Failure") {
    if (Option.isSome(decodeFormat(text)))
      return `the fields are not those of a repro file: ${problemOf(exit.cause)}`
    return 'this is no repro file: it must be JSON with "format": "aplomb-repro/1"'
  }
  const { scenario, law, message, recipe: _, format: __, ...rest } = exit.value
  const recipe = readRecipe(exit.value.recipe)
  if (typeof recipe === "string") return recipe
  return { scenario, case: { recipe, ...rest }, law, message }
}
