/** Claims about what may be published where: sizes, bytes, subjects, and subjects that nobody listens on. */
import { Effect } from "effect"
import { barrier, type Claim, type Heard, listen, outcome, same, text } from "./conformance-kit.ts"

const badEverywhere = ["", ".", "a..b", ".a", "a.", "a b", "a\r\nPUB x 1", "a\u0000b", "x".repeat(10_000)]
const badInSubscriptions = [...badEverywhere, "a.>.b", "a*", "a.b>", "**", "*a.b"]
const badInPublishes = [...badEverywhere, "*", "a.*", ">", "a.>", "a*"]

export const payloadClaims: ReadonlyArray<Claim> = [
  {
    claim: "an empty payload arrives as an empty message",
    check: Effect.fnUntraced(function* (fixture) {
      const bus = yield* fixture.connect
      const ear = yield* listen(bus, "empty")
      bus.publish("empty", new Uint8Array(), "answers.here")
      const heard: Heard = yield* ear.next
      yield* same("what arrived", [heard.payload.byteLength, heard.replyTo], [0, "answers.here"])
    })
  },
  {
    claim: "every byte value arrives as it was sent, and integers can be read at any offset",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = [yield* fixture.connect, yield* fixture.connect]
      const ear = yield* listen(receiver, "bytes")
      const store = Uint8Array.from({ length: 300 }, (_, index) => index % 256)
      for (const [from, to] of [
        [0, 256],
        [7, 300],
        [13, 14]
      ] as const) {
        const sent = store.subarray(from, to)
        sender.publish("bytes", sent)
        const { payload }: Heard = yield* ear.next
        yield* same("the bytes", [...payload], [...sent])
        if (payload.byteLength < 8) continue
        const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
        const expected = new DataView(store.buffer, from, 8).getBigUint64(0)
        yield* same("the integer", String(view.getBigUint64(0)), String(expected))
      }
    })
  },
  {
    claim: "large and small payloads arrive whole and in order",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = [yield* fixture.connect, yield* fixture.connect]
      const ear = yield* listen(receiver, "sizes")
      const sizes = [1, 70_000, 0, 300_000, 5, 65_536, 3]
      for (const size of sizes) sender.publish("sizes", new Uint8Array(size).fill(size % 251))
      for (const size of sizes) {
        const { payload }: Heard = yield* ear.next
        yield* same("the size", payload.byteLength, size)
        const damaged = payload.findIndex((byte) => byte !== size % 251)
        yield* same("the first damaged byte", damaged, -1)
      }
    })
  },
  {
    claim: "a payload of the maximum size arrives, and one byte more is refused as too large",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = [yield* fixture.connect, yield* fixture.connect]
      const ear = yield* listen(receiver, "limit")
      const limitBytes = sender.maxPayloadBytes
      yield* same("one byte more", sender.publish("limit", new Uint8Array(limitBytes + 1)), "too-large")
      yield* same("the maximum", sender.publish("limit", new Uint8Array(limitBytes).fill(7)), "sent")
      const { payload }: Heard = yield* ear.next
      yield* same("what arrived", [payload.byteLength, payload[0], payload.at(-1)], [limitBytes, 7, 7])
    })
  },
  {
    claim: "subscribe refuses subjects that no bus accepts",
    check: Effect.fnUntraced(function* (fixture) {
      const bus = yield* fixture.connect
      for (const subject of badInSubscriptions) {
        const refused = yield* outcome(Effect.scoped(listen(bus, subject)))
        yield* same(`subscribing to "${subject.slice(0, 20)}"`, refused, "BadSubject")
      }
    })
  },
  {
    claim: "publishing to a subject that no bus accepts neither throws nor harms what follows",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = [yield* fixture.connect, yield* fixture.connect]
      const ear = yield* listen(receiver, ">")
      for (const subject of badInPublishes) {
        sender.publish(subject, text("bad"))
        sender.publish("good", text("bad reply"), subject)
      }
      sender.publish("good", text("good"))
      yield* barrier(sender, receiver)
      yield* same("heard", (yield* ear.rest).slice(0, 1), ["good"])
    })
  },
  {
    claim: "subjects of any script are subjects",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = [yield* fixture.connect, yield* fixture.connect]
      const [exact, below] = [yield* listen(receiver, "größe.数"), yield* listen(receiver, "größe.*")]
      sender.publish("größe.数", text("1"), "réponse")
      const heard: ReadonlyArray<Heard> = [yield* exact.next, yield* below.next]
      for (const { subject, replyTo } of heard) {
        yield* same("its subjects", [subject, replyTo], ["größe.数", "réponse"])
      }
    })
  },
  {
    claim: "publishing with a reply subject where nobody listens is told on the reply subject, and only then",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, other] = [yield* fixture.connect, yield* fixture.connect]
      const inbox = yield* sender.newInbox
      const ear = yield* listen(sender, `${inbox}.*`)
      const stranger = yield* listen(other, `${inbox}.*`)
      yield* listen(other, "somebody")
      sender.publish("nobody", text("x"), `${inbox}.1`)
      sender.publish("somebody", text("x"), `${inbox}.2`)
      sender.publish("nobody", text("x"))
      sender.publish("nobody", text("x"), `${inbox}.3`)
      const foreign = yield* other.newInbox
      const owner = yield* listen(other, `${foreign}.*`)
      sender.publish("nobody", text("x"), `${foreign}.4`)
      yield* barrier(sender, sender)
      yield* barrier(sender, other)
      yield* same("told", ear.noResponders, [`${inbox}.1`, `${inbox}.3`])
      yield* same("told to others", [...stranger.noResponders, ...owner.noResponders], [])
      yield* same("messages", [...(yield* ear.rest), ...(yield* stranger.rest)], [])
    })
  }
]
