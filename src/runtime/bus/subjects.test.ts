/** Subjects: what is well formed, and matching held against a plain reading of the rules. */
import { assert, describe, it } from "@effect/vitest"
import { SubjectTable, subjectFault, subjectLengthMax } from "./subjects.ts"

/** The rules as NATS states them, token by token. */
const covers = (pattern: ReadonlyArray<string>, subject: ReadonlyArray<string>): boolean => {
  if (pattern.length === 0) return subject.length === 0
  if (pattern[0] === ">") return subject.length > 0
  if (subject.length === 0) return false
  return (pattern[0] === "*" || pattern[0] === subject[0]) && covers(pattern.slice(1), subject.slice(1))
}

/** Every sequence of up to four of these tokens. */
const sequences = (tokens: ReadonlyArray<string>): ReadonlyArray<string> => {
  let all: ReadonlyArray<string> = tokens
  for (let length = 2; length <= 4; length++) {
    all = [...new Set([...all, ...all.flatMap((start) => tokens.map((token) => `${start}.${token}`))])]
  }
  return all
}

describe("subjects", () => {
  it("a subject is tokens between dots, without spaces, and not too long", () => {
    for (const good of ["a", "a.b", "_INBOX.x.1", "größe", "a-b_c$", "x".repeat(subjectLengthMax)]) {
      assert.isUndefined(subjectFault(good, "publish"), good)
      assert.isUndefined(subjectFault(good, "subscribe"), good)
    }
    for (const bad of [
      "",
      ".",
      "a.",
      ".a",
      "a..b",
      "a b",
      "a\tb",
      "a\nb",
      "x".repeat(subjectLengthMax + 1)
    ]) {
      assert.isDefined(subjectFault(bad, "publish"), bad)
      assert.isDefined(subjectFault(bad, "subscribe"), bad)
    }
  })

  it("wildcards are whole tokens of subscriptions, the greater-than sign the last", () => {
    for (const pattern of ["*", ">", "a.*", "*.a", "*.*", "a.>", "*.>"]) {
      assert.isUndefined(subjectFault(pattern, "subscribe"), pattern)
      assert.isDefined(subjectFault(pattern, "publish"), pattern)
    }
    for (const bad of ["a*", "*a", "**", "a>", ">a", ">.a", "a.>.b", ">>"]) {
      assert.isDefined(subjectFault(bad, "subscribe"), bad)
    }
  })

  it("a table finds for each subject exactly what covers it", () => {
    const patterns = sequences(["a", "b", "*", ">"]).filter(
      (one) => subjectFault(one, "subscribe") === undefined
    )
    const subjects = sequences(["a", "b", "aa"])
    assert.isAbove(patterns.length, 100)
    const table = new SubjectTable<string>()
    for (const pattern of patterns) table.add(pattern, pattern)
    for (const subject of subjects) {
      const expected = patterns.filter((pattern) => covers(pattern.split("."), subject.split(".")))
      assert.deepStrictEqual([...table.match(subject)].sort(), [...expected].sort(), subject)
    }
    for (const pattern of patterns.filter((_, index) => index % 2 === 0)) table.remove(pattern, pattern)
    const left = patterns.filter((_, index) => index % 2 === 1)
    for (const subject of subjects) {
      const expected = left.filter((pattern) => covers(pattern.split("."), subject.split(".")))
      assert.deepStrictEqual([...table.match(subject)].sort(), [...expected].sort(), subject)
    }
  })

  it("removing takes one value from one subject, and a match found before is not changed by it", () => {
    const table = new SubjectTable<number>()
    for (const subject of ["a.b", "a.*"]) {
      table.add(subject, 1)
      table.add(subject, 2)
    }
    const before = table.match("a.b")
    table.remove("a.b", 1)
    table.remove("a.*", 2)
    table.remove("a.*", 3)
    table.remove("never.there", 1)
    assert.deepStrictEqual(before, [1, 2, 1, 2])
    assert.deepStrictEqual(table.match("a.b"), [2, 1])
    assert.deepStrictEqual(table.match("a.c"), [1])
    assert.deepStrictEqual(table.match("a"), [])
  })

  it("a match is right after every change, however many subjects were asked for before", () => {
    const table = new SubjectTable<number>()
    const subjects = Array.from({ length: 1000 }, (_, index) => `inbox.${index}`)
    for (const subject of subjects) assert.deepStrictEqual(table.match(subject), [])
    table.add("inbox.7", 1)
    assert.deepStrictEqual(
      subjects.flatMap((subject) => table.match(subject)),
      [1]
    )
    table.add("inbox.*", 2)
    assert.deepStrictEqual(table.match("inbox.7"), [1, 2])
    assert.strictEqual(subjects.flatMap((subject) => table.match(subject)).length, 1001)
    table.remove("inbox.*", 2)
    assert.deepStrictEqual(
      subjects.flatMap((subject) => table.match(subject)),
      [1]
    )
  })
})
