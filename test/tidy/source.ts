/** A source file as the tidy rules see it: its text, its functions, its code without comments and strings. */
import { type Comment, parseSync, Visitor } from "oxc-parser"

export interface Source {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
  /** The text with every comment, string, template text and regular expression blanked, line breaks kept. */
  readonly code: string
  readonly comments: ReadonlyArray<Comment>
  readonly functions: ReadonlyArray<FunctionSpan>
  /** Lines with a type written as `import("...").Name`. */
  readonly importTypeLines: ReadonlyArray<number>
  readonly parseError: string | undefined
}

export interface FunctionSpan {
  readonly line: number
  readonly lineCount: number
  /** Name of the call that the function is an argument of, such as `describe`; undefined elsewhere. */
  readonly argumentOf: string | undefined
}

export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

interface Range {
  readonly start: number
  readonly end: number
}

const blank = (text: string, ranges: Iterable<Range>): string => {
  const parts: Array<string> = []
  let at = 0
  for (const { start, end } of [...ranges].sort((left, right) => left.start - right.start)) {
    if (start < at) continue
    parts.push(text.slice(at, start), text.slice(start, end).replace(/[^\n]/g, " "))
    at = end
  }
  return parts.join("") + text.slice(at)
}

/** The line, counted from 1, of an offset. */
export const lineAt = (text: string, offset: number): number => {
  let line = 1
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++
  return line
}

/** Reads a file's text into what the rules need. */
export const parseSource = (path: string, text: string): Source => {
  const { program, comments, errors } = parseSync(path, text)
  const ranges: Array<Range> = [...comments]
  const functions: Array<FunctionSpan> = []
  const importTypeLines: Array<number> = []
  const argumentOf = new Map<number, string>()
  const seeFunction = ({ start, end }: Range) => {
    const line = lineAt(text, start)
    functions.push({ line, lineCount: lineAt(text, end) - line + 1, argumentOf: argumentOf.get(start) })
  }
  new Visitor({
    CallExpression: (node) => {
      const called = text.slice(node.callee.start, node.callee.end)
      for (const argument of node.arguments) argumentOf.set(argument.start, called)
    },
    ArrowFunctionExpression: seeFunction,
    FunctionDeclaration: seeFunction,
    FunctionExpression: seeFunction,
    Literal: (node) => {
      if (typeof node.value === "string" || "regex" in node) ranges.push(node)
    },
    TemplateElement: (node) => ranges.push(node),
    TSImportType: ({ start }) => importTypeLines.push(lineAt(text, start))
  }).visit(program)
  return {
    path,
    text,
    code: blank(text, ranges),
    comments,
    functions,
    importTypeLines,
    parseError: errors[0]?.message
  }
}
