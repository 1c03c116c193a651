/** Text is the same wherever it is read: with the native part of msgpackr and without it. */
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { codecOutcomes } from "./codec.test-support.ts"

type Outcomes = ReturnType<typeof codecOutcomes>

/** The same in a process of its own, which does without the native part. */
const withoutNative = (): Outcomes => {
  const support = JSON.stringify(new URL("./codec.test-support.ts", import.meta.url).href)
  const program =
    `const { codecOutcomes } = await import(${support});` +
    "process.stdout.write(JSON.stringify(codecOutcomes()))"
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    env: { ...process.env, MSGPACKR_NATIVE_ACCELERATION_DISABLED: "true" },
    maxBuffer: 64 * 1024 * 1024
  })
  if (stdout === "") throw new Error(stderr)
  return JSON.parse(stdout)
}

describe("text that is packed", () => {
  const [own, other] = [codecOutcomes(), withoutNative()]

  it("is read as it was, whole characters provided, with and without the native part", () => {
    expect(other.isNative).toBe(false)
    expect([own.changed, other.changed]).toEqual([[], []])
  })

  it("is packed and read alike by both where it holds halves of characters, or is none", () => {
    expect(other).toEqual({ ...own, isNative: false })
  })

  it("leaves the decoders of others as they are", () => {
    const bytes = Buffer.from(`\uFEFF${"x".repeat(100)}`)
    expect(new TextDecoder().decode(bytes)).toBe("x".repeat(100))
    expect(Object.hasOwn(new TextDecoder(), "decode")).toBe(false)
  })
})
