/** Subjects of the bus: which are well formed, and which subscriptions a message meets. */

/**
 * Longest subject taken, in UTF-16 units. A NATS server hangs up on a command line over 4096 bytes, and that
 * line holds a subject and a reply subject of up to three bytes a unit.
 */
export const subjectLengthMax = 512

const dot = 46
const star = 42
const greater = 62
const space = 32
const rubout = 127

/**
 * Why a subject cannot be used, or undefined where it can.
 *
 * @param subject what stands before the bus
 * @param use in a subscription `*` may stand for one token and a last `>` for the rest; in a publish
 *   neither may
 */
export const subjectFault = (subject: string, use: "publish" | "subscribe"): string | undefined => {
  const length = subject.length
  if (length === 0) return "it is empty"
  if (length > subjectLengthMax) return `it is longer than ${subjectLengthMax} characters`
  let tokenStart = 0
  for (let at = 0; at < length; at++) {
    const code = subject.charCodeAt(at)
    if (code === dot) {
      if (at === tokenStart) return "a token is empty"
      tokenStart = at + 1
    } else if (code <= space || code === rubout) {
      return "it contains a space or a control character"
    } else if (code === star || code === greater) {
      if (use === "publish") return "wildcards may stand in subscriptions only"
      const last = at + 1 === length
      if (at !== tokenStart || !(last || subject.charCodeAt(at + 1) === dot)) {
        return "a wildcard must be a whole token"
      }
      if (code === greater && !last) return 'a ">" may stand at the end only'
    }
  }
  return tokenStart === length ? "a token is empty" : undefined
}

/** Subjects of which a table remembers whom they meet. */
const matchedMax = 256

interface Entry<T> {
  readonly subject: string
  /** The tokens from the first wildcard on. */
  readonly rest: ReadonlyArray<string>
  readonly value: T
}

const restMatches = (rest: ReadonlyArray<string>, subject: string, from: number): boolean => {
  let at = from
  for (const token of rest) {
    if (at >= subject.length) return false
    if (token === ">") return true
    const nextDot = subject.indexOf(".", at)
    const end = nextDot < 0 ? subject.length : nextDot
    if (token !== "*" && !(end - at === token.length && subject.startsWith(token, at))) return false
    at = end + 1
  }
  return at > subject.length
}

/**
 * The literal tokens before the first wildcard, and the tokens from it on; undefined where there is no
 * wildcard.
 */
const splitAtWildcard = (subject: string): { prefix: string; rest: ReadonlyArray<string> } | undefined => {
  if (!subject.includes("*") && !subject.includes(">")) return undefined
  const tokens = subject.split(".")
  const first = tokens.findIndex((token) => token === "*" || token === ">")
  return first < 0 ? undefined : { prefix: tokens.slice(0, first).join("."), rest: tokens.slice(first) }
}

const none: ReadonlyArray<never> = []

/**
 * What is subscribed, by subject. A match costs one look-up, and one more for each token while there are
 * wildcards.
 */
export class SubjectTable<T> {
  readonly #exact = new Map<string, ReadonlyArray<T>>()
  /** By literal prefix: the inboxes of a thousand members cost a publish no more than that of one. */
  readonly #wildcards = new Map<string, ReadonlyArray<Entry<T>>>()
  /** What was matched since the last change: most messages go where others went before. */
  readonly #matched = new Map<string, ReadonlyArray<T>>()

  /** Adds a value under a valid subject; the same value may stand under several. */
  add(subject: string, value: T): void {
    this.#matched.clear()
    const split = splitAtWildcard(subject)
    if (split === undefined) {
      this.#exact.set(subject, [...(this.#exact.get(subject) ?? none), value])
      return
    }
    const entry = { subject, rest: split.rest, value }
    this.#wildcards.set(split.prefix, [...(this.#wildcards.get(split.prefix) ?? none), entry])
  }

  /** Removes a value from under a subject; what is not there is no error. */
  remove(subject: string, value: T): void {
    this.#matched.clear()
    const split = splitAtWildcard(subject)
    if (split === undefined) {
      const left = (this.#exact.get(subject) ?? none).filter((other) => other !== value)
      if (left.length > 0) this.#exact.set(subject, left)
      else this.#exact.delete(subject)
      return
    }
    const entries = this.#wildcards.get(split.prefix) ?? none
    const left = entries.filter((entry) => entry.subject !== subject || entry.value !== value)
    if (left.length > 0) this.#wildcards.set(split.prefix, left)
    else this.#wildcards.delete(split.prefix)
  }

  /**
   * Everything whose subject covers this one, always in the same order. The array is never changed
   * afterwards.
   */
  match(subject: string): ReadonlyArray<T> {
    const known = this.#matched.get(subject)
    if (known !== undefined) return known
    const found = this.#find(subject)
    // Each question has a subject of its own for its answer: those must not fill the memory.
    if (this.#matched.size >= matchedMax) this.#matched.clear()
    this.#matched.set(subject, found)
    return found
  }

  #find(subject: string): ReadonlyArray<T> {
    const exact = this.#exact.get(subject) ?? none
    if (this.#wildcards.size === 0) return exact
    let all: Array<T> | undefined
    for (let from = 0; ; ) {
      const entries = this.#wildcards.get(from === 0 ? "" : subject.slice(0, from - 1))
      for (const entry of entries ?? none) {
        if (restMatches(entry.rest, subject, from)) (all ??= [...exact]).push(entry.value)
      }
      const nextDot = subject.indexOf(".", from)
      if (nextDot < 0) return all ?? exact
      from = nextDot + 1
    }
  }
}
