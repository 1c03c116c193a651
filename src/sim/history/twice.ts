/** Fields that an object has twice: readers of JSON take the last one, and nobody hears of the other. */

/** Fields of all objects in a value. */
const fieldsIn = (value: object): number => {
  let count = 0
  const open: Array<object> = [value]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const isRecord = Object.getPrototypeOf(one) === Object.prototype
    if (isRecord) count += Object.keys(one).length
    if (!isRecord && !Array.isArray(one)) continue
    for (const part of Object.values(one)) if (typeof part === "object" && part !== null) open.push(part)
  }
  return count
}

const colonsIn = (text: string): number => {
  let count = 0
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) count++
  return count
}

/** Where the text that begins at `start` with a quote ends, behind its last one. */
const textEnd = (text: string, start: number): number => {
  let end = start + 1
  while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1
  return end + 1
}

/** The field of the object on a line in which something stands twice. `text` is sound JSON. */
const findTwice = (text: string): string | undefined => {
  const names: Array<Set<string> | undefined> = []
  let [field, last] = ["", ""]
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]
    if (mark === "{") names.push(new Set())
    else if (mark === "[") names.push(undefined)
    else if (mark === "}" || mark === "]") names.pop()
    else if (mark === '"') {
      const end = textEnd(text, at)
      last = text.slice(at, end)
      at = end - 1
    } else if (mark === ":") {
      const name = JSON.parse(last) as string
      if (names.length === 1) field = name
      if (names.at(-1)?.has(name) === true) return field
      names.at(-1)?.add(name)
    }
  }
  return undefined
}

/**
 * The field of a line that stands there twice, or in whose value a field does.
 *
 * @param text the line.
 * @param fields what it was read as.
 */
export const twiceIn = (text: string, fields: object): string | undefined =>
  // Most lines have as many colons as fields, and need no closer look.
  colonsIn(text) === fieldsIn(fields) ? undefined : findTwice(text)
