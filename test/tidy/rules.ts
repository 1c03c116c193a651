/** The rules that neither the compiler, the linter nor dependency-cruiser can state, one function each. */
import { type Finding, lineAt, type Source } from "./source.ts"

export type Rule = (source: Source) => ReadonlyArray<Finding>

const lineMaxLength = 110
const fileMaxLines = 300
const functionMaxLines = 70

const isUnitTest = (path: string) => /\.test(-support)?\.ts$/.test(path)

/** Every place where a pattern matches the code, comments and strings left out unless `text` is asked for. */
const matches = (source: Source, pattern: RegExp, message: string, where: "code" | "text" = "code") =>
  [...source[where].matchAll(pattern)].map(({ index }) => ({
    path: source.path,
    line: lineAt(source.text, index),
    message
  }))

const parses: Rule = ({ path, parseError }) =>
  parseError === undefined ? [] : [{ path, line: 1, message: `does not parse: ${parseError}` }]

const shortFile: Rule = ({ path, text }) => {
  const count = text.trimEnd().split("\n").length
  return count <= fileMaxLines
    ? []
    : [{ path, line: count, message: `has ${count} lines, ${fileMaxLines} is the limit: split it by aspect` }]
}

const shortLines: Rule = ({ path, text }) =>
  text.split("\n").flatMap((line, index) =>
    line.length <= lineMaxLength
      ? []
      : [
          {
            path,
            line: index + 1,
            message: `line of ${line.length} characters, ${lineMaxLength} is the limit`
          }
        ]
  )

/** A `describe` is a chapter of tests, not a function to hold in the head, and may be longer. */
const shortFunctions: Rule = ({ path, functions }) =>
  functions.flatMap(({ line, lineCount, argumentOf }) =>
    lineCount <= functionMaxLines || argumentOf?.startsWith("describe")
      ? []
      : [
          {
            path,
            line,
            message: `function of ${lineCount} lines, ${functionMaxLines} is the limit: split it`
          }
        ]
  )

const refusedWords: ReadonlyArray<readonly [word: RegExp, instead: string]> = [
  [/\bDate\b/g, "Date: take nowMs from the input, the replicated time of the log"],
  [/\bMath\s*\.\s*random\b/g, "Math.random: take what was drawn as part of the input"],
  [/\bsetTimeout\b/g, "setTimeout: put SetTimer in the outputs"],
  [/\bperformance\b/g, "performance: take nowMs from the input; measure in the interpreter"],
  [/\bPromise\b/g, "Promise: return outputs and take the answer as a later input"],
  [/\basync\b/g, "async: return outputs and take the answer as a later input"],
  [/\bconsole\b/g, "console: put a Note in the outputs; cores never log"],
  [/\bprocess\b/g, "process: take settings as an argument"],
  [/\bany\b/g, "any: name the type, or take unknown and narrow it"]
]

/** Cores and machines run in lockstep on every replica and in the checker: nothing from around may enter. */
const pureCores: Rule = (source) =>
  !/^src\/(protocol|machines)\//.test(source.path) || isUnitTest(source.path)
    ? []
    : refusedWords.flatMap(([word, instead]) => matches(source, word, `refused here: ${instead}`))

const realTimePlaces = [
  /^src\/runtime\/(bus\/nats|storage\/files)\.ts$/,
  /^src\/(cli|web)\//,
  // They name the real timers in order to forbid them while a seed runs.
  /^src\/sim\/guards/,
  /^(bench|scripts)\//,
  /^test\/(e2e|support|torture)\//,
  /^test\/package\.test\.ts$/
]

const realTime: ReadonlyArray<readonly [use: RegExp, instead: string]> = [
  [/\bEffect\s*\.\s*(promise|tryPromise)\b/g, "Effect.promise: only adapters meet promises; use a port"],
  [/\bnew\s+Promise\b/g, "new Promise: use Effect.callback or Deferred"],
  [/\bset(Timeout|Interval|Immediate)\b/g, "a real timer: use Effect.sleep or the Clock service"],
  [/\bqueueMicrotask\b|\bprocess\s*\.\s*nextTick\b/g, "a microtask: wake through Effect's scheduler"],
  [/\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/g, "the real clock: use Effect's Clock"],
  [/\bperformance\s*\.\s*now\b|\bprocess\s*\.\s*hrtime\b/g, "the real clock: use Effect's Clock"],
  [/\bMath\s*\.\s*random\b/g, "real randomness: use Effect's Random"]
]

/** What escapes the simulated scheduler, clock and randomness makes a seed run differently each time. */
const virtualTime: Rule = (source) =>
  realTimePlaces.some((place) => place.test(source.path))
    ? []
    : realTime.flatMap(([use, instead]) => matches(source, use, `escapes the simulator: ${instead}`))

/** Runs are stamped with it, and nodes say when they started; an interval by it follows whoever sets it. */
const wallClockPlaces = /^src\/(actors\/(node\/context|presence\/presence)\.ts$|sim\/|cli\/)/

const wallClock: Rule = (source) =>
  !source.path.startsWith("src/") || wallClockPlaces.test(source.path) || isUnitTest(source.path)
    ? []
    : matches(source, /\bcurrentTimeMillis/g, "the wall clock: take intervals from the monotonic one")

/** Assembled, so that this file may name the words. */
const leftovers = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`, "g")

const nothingLeftOver: Rule = (source) =>
  matches(source, leftovers, "a note to self: do it, or write it down as a decision or an issue", "text")

/** A reader learns from the first line what a file is for; only a shebang may stand before it. */
const saysWhatItIs: Rule = ({ path, text, comments: [first] }) => {
  const start = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0
  const said =
    first?.type === "Block" && first.start === start && /^\*[\s*]+(\S+\s+){2,}.*[.:!?]/s.test(first.value)
  return !path.startsWith("src/") || said
    ? []
    : [{ path, line: 1, message: "open the file with /** one sentence of what it is. */" }]
}

const noBarrel: Rule = ({ path }) =>
  /(^|\/)index\.[cm]?tsx?$/.test(path)
    ? [{ path, line: 1, message: "barrel file: import from the file that defines the thing" }]
    : []

/** dependency-cruiser's parser does not see these, so they would slip through its rules. */
const noImportTypes: Rule = ({ path, importTypeLines }) =>
  importTypeLines.map((line) => ({
    path,
    line,
    message: "write an `import type` at the top, which the dependency rules can see"
  }))

/**
 * Of the machines a client needs the shapes, not the code that runs inside the log.
 * The published entry point is exempt: it hands the machines to those who start nodes.
 */
const clientTakesTypesOnly: Rule = (source) =>
  /^src\/client\/(?!aplomb\.ts$)/.test(source.path) && !isUnitTest(source.path)
    ? matches(
        source,
        /^import (?!type\b)[^"]*"(\.\.\/)+machines\//gm,
        "import the types of machines only: `import type`",
        "text"
      )
    : []

/** The changelog always has a place for what is not released yet. */
export const changelogIsOpen = (text: string): boolean =>
  /^## \[?Unreleased\]?\s*$/m.test(text) && text.search(/^## /m) === text.search(/^## \[?Unreleased/m)

export const rules = {
  parses,
  shortFile,
  shortLines,
  shortFunctions,
  pureCores,
  virtualTime,
  wallClock,
  nothingLeftOver,
  saysWhatItIs,
  noBarrel,
  noImportTypes,
  clientTakesTypesOnly
} satisfies Record<string, Rule>
