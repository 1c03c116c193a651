/** Texts that are hard to pack, and what becomes of them in this process. */
import { isNativeAccelerationEnabled } from "msgpackr"
import { pack, unpack } from "./codec.ts"

const lengths = [1, 2, 3, 15, 16, 20, 21, 22, 31, 32, 61, 62, 63, 64, 65, 66, 67, 85, 86, 255, 256, 257]
const longLengths = [4096, 21_845, 21_846, 65_535, 65_536, 70_000]

const textsOf = (lengths: ReadonlyArray<number>, heads: ReadonlyArray<string>) =>
  lengths.flatMap((length) =>
    heads.flatMap((head) =>
      ["a", "é", "€", "😀", "\uFEFF"].map((filling) =>
        (head + filling.repeat(length)).slice(0, length).toWellFormed()
      )
    )
  )

/** Whole characters only. */
const wholeTexts: ReadonlyArray<string> = [
  ...textsOf(lengths, ["", "\uFEFF", "\uFEFF\uFEFF", "é", "\uFFFD"]),
  ...textsOf(longLengths, ["\uFEFF"])
]

/** Halves of characters, at each end and in the middle. */
const brokenTexts: ReadonlyArray<string> = lengths.flatMap((length) => {
  const half = "x".repeat(length / 2)
  return ["\uD83D", "\uDE00", "\uDE00\uD83D"].flatMap((lone) => [
    lone + half + half,
    half + lone + half,
    `\uFEFF${half}${half}${lone}`,
    "€".repeat(length) + lone
  ])
})

/** Bytes of no text, as text of every form of its length. */
const brokenBytes: ReadonlyArray<Uint8Array> = [3, 31, 70, 255, 300, 66_000].flatMap((length) =>
  [0x80, 0xc3, 0xe2, 0xed, 0xf0, 0xff].map((byte) => {
    const bytes = new Uint8Array(pack("x".repeat(length)))
    for (let i = bytes.length - length; i < bytes.length; i += 7) bytes[i] = byte
    return bytes
  })
)

const digestOf = (value: unknown): string => {
  const text = JSON.stringify(value)
  let digest = 0
  for (let i = 0; i < text.length; i++) digest = (Math.imul(digest, 31) + text.charCodeAt(i)) | 0
  return `${text.length} ${digest}`
}

/**
 * What is read of each text, alone and among others, and of bytes of none. `changed` are those whole ones
 * that are read as another text than was packed.
 */
export const codecOutcomes = () => {
  const among = (text: string) => ["p", text, { [text.slice(0, 90)]: text }, "a".repeat(70), text]
  const same = (text: string) => {
    const others = unpack(pack(among(text))) as ReturnType<typeof among>
    const [key, value] = Object.entries(others[2]!)[0]!
    return (
      [unpack(pack(text)), others[1], value, others[4]].every((each) => each === text) &&
      key === text.slice(0, 90).toWellFormed()
    )
  }
  return {
    isNative: isNativeAccelerationEnabled,
    changed: wholeTexts.flatMap((text, index) => (same(text) ? [] : [index])),
    broken: brokenTexts.map((text) => digestOf([unpack(pack(text)), unpack(pack(among(text)))])),
    bytes: brokenBytes.map((bytes) => digestOf(unpack(bytes))),
    packed: [...wholeTexts, ...brokenTexts].map((text) => digestOf([...pack(text).subarray(0, 400)]))
  }
}
