/** Wraps comments beyond the line limit, which the formatter leaves alone: part of `npm run fix`. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"

const lineMaxLength = 110

/** Fills lines with words: the first prefix opens the first line, the other one those that follow. */
const fill = (text: string, first: string, next: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = first
  for (const word of text.trim().split(/\s+/)) {
    const isStart = line === first || line === next
    if (!isStart && line.length + 1 + word.length > lineMaxLength) {
      lines.push(line)
      line = next
    }
    line += line === first || line === next ? word : ` ${word}`
  }
  return [...lines, line]
}

/** The text of a comment line that goes on a paragraph: no list item, tag, table or fence. */
const continues = (line: string | undefined, insideBlock: boolean): string | undefined =>
  (insideBlock ? /^\s*\*\s+(?![-*|@/`]|\d+\. )(\S.*)$/ : /^\s*\/\/ (?![-*|])(\S.*)$/).exec(line ?? "")?.[1]

interface Wrapped {
  readonly lines: ReadonlyArray<string>
  /** Whether the paragraph may go on in the lines that follow, which are then filled with it. */
  readonly isOpen: boolean
}

/** A line wrapped together with the rest of its paragraph, or undefined when it is no comment that can be. */
const wrapLine = (line: string, rest: string, insideBlock: boolean): Wrapped | undefined => {
  const [, indent = "", content = ""] = /^(\s*)(.*)$/.exec(line) ?? []
  const [star, slashes] = [`${indent} * `, `${indent}// `]
  const single = /^\/\*\*\s+(.*?)\s*\*\/$/.exec(content)
  if (single)
    return { lines: [`${indent}/**`, ...fill(single[1] ?? "", star, star), `${indent} */`], isOpen: false }
  const remark = /^\/\/ (.*)$/.exec(content)
  if (remark) return { lines: fill(`${remark[1]} ${rest}`, slashes, slashes), isOpen: true }
  const opened = insideBlock ? undefined : /^\/\*\*\s+(.*)$/.exec(content)
  if (opened) return { lines: [`${indent}/**`, ...fill(`${opened[1]} ${rest}`, star, star)], isOpen: true }
  const item = insideBlock ? /^(\* (?:[-*] |\d+\. |@\w+ )?)(.*?)(\s*\*\/)?$/.exec(content) : undefined
  if (item) {
    const [, opening = "* ", text = "", closing] = item
    const next = `${indent}* ${" ".repeat(/^\* ([-*]|\d+\.) /.test(opening) ? opening.length - 2 : 0)}`
    if (closing !== undefined)
      return { lines: [...fill(text, indent + opening, next), `${indent}*/`], isOpen: false }
    return { lines: fill(`${text} ${rest}`, indent + opening, next), isOpen: true }
  }
  // A remark behind code goes above it, where it has room.
  const behind = insideBlock ? undefined : /^(.*\S)\s+\/\/ ([^"'`]*)$/.exec(content)
  if (behind)
    return { lines: [...fill(behind[2] ?? "", slashes, slashes), `${indent}${behind[1]}`], isOpen: false }
  return undefined
}

/** A file's text with its long comments wrapped; tables, examples in fences and code stay as they are. */
export const wrapComments = (text: string): string => {
  const lines = text.split("\n")
  const result: Array<string> = []
  let insideBlock = false
  let insideFence = false
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ""
    if (insideBlock && /^\s*\*\s*```/.test(line)) insideFence = !insideFence
    const staysOpen: boolean = (insideBlock || /^\s*\/\*/.test(line)) && !line.includes("*/")
    const following: Array<string> = []
    for (let next = continues(lines[at + 1], staysOpen); next !== undefined && !next.endsWith("*/"); ) {
      following.push(next)
      next = continues(lines[at + 1 + following.length], staysOpen)
    }
    const isLong = line.length > lineMaxLength && !insideFence && !/^\s*\*?\s*\|/.test(line)
    const wrapped = isLong ? wrapLine(line, following.join(" "), insideBlock) : undefined
    result.push(...(wrapped?.lines ?? [line]))
    if (wrapped?.isOpen) at += following.length
    insideBlock = staysOpen
    insideFence &&= insideBlock
  }
  return result.join("\n")
}

if (import.meta.main) {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
    encoding: "utf8"
  })
  for (const path of listed.split("\n").filter((name) => name !== "" && existsSync(name))) {
    const text = readFileSync(path, "utf8")
    const wrapped = wrapComments(text)
    if (wrapped !== text) writeFileSync(path, wrapped)
  }
}
