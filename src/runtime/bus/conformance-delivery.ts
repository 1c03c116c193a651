/** Claims about publish and subscribe that every adapter of the bus must fulfil. */
import { Effect, Exit, Scope } from "effect"
import {
  barrier,
  type Claim,
  closable,
  type Fixture,
  type Heard,
  listen,
  outcome,
  same,
  text
} from "./conformance-kit.ts"

const two = (fixture: Fixture) => Effect.all([fixture.connect, fixture.connect])

export const deliveryClaims: ReadonlyArray<Claim> = [
  {
    claim: "a message reaches every subscriber of its subject, with its subject and its reply subject",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, first] = yield* two(fixture)
      const second = yield* fixture.connect
      const ears = [yield* listen(first, "news.today"), yield* listen(second, "news.today")]
      const elsewhere = yield* listen(second, "news.tomorrow")
      sender.publish("news.today", text("hello"), "answers.here")
      for (const ear of ears) {
        const { payload, subject, replyTo }: Heard = yield* ear.next
        yield* same(
          "what arrived",
          [[...payload], subject, replyTo],
          [[...text("hello")], "news.today", "answers.here"]
        )
      }
      sender.publish("news.today", text("again"))
      yield* same("a reply subject where none was given", (yield* ears[0]!.next).replyTo ?? "none", "none")
      yield* barrier(sender, second)
      yield* same("heard on another subject", yield* elsewhere.rest, [])
    })
  },
  {
    claim: "a star stands for exactly one token",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = yield* two(fixture)
      const ear = yield* listen(receiver, "a.*.c")
      for (const subject of ["a.b.c", "a.c", "a.b.b.c", "a.b.c.d", "b.b.c", "a.x.c"]) {
        sender.publish(subject, text(subject))
      }
      yield* barrier(sender, receiver)
      yield* same("heard", yield* ear.rest, ["a.b.c", "a.x.c"])
    })
  },
  {
    claim: "a last greater-than sign stands for one token or more",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = yield* two(fixture)
      const [below, all] = [yield* listen(receiver, "a.>"), yield* listen(receiver, "*.b.>")]
      for (const subject of ["a", "a.b", "a.b.c.d", "ab.c", "x.b.c"]) sender.publish(subject, text(subject))
      yield* barrier(sender, receiver)
      yield* same("heard below a", yield* below.rest, ["a.b", "a.b.c.d"])
      yield* same("heard below any b", yield* all.rest, ["a.b.c.d", "x.b.c"])
    })
  },
  {
    claim: "messages of one sender arrive in the order of sending, over several subjects",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = yield* two(fixture)
      const ear = yield* listen(receiver, "order.*")
      const expected = Array.from({ length: 1000 }, (_, index) => String(index))
      for (const number of expected) sender.publish(`order.${Number(number) % 3}`, text(number))
      yield* same("the order", yield* ear.texts(1000), expected)
    })
  },
  {
    claim: "each subscription of a member receives a copy, also of what the member itself publishes",
    check: Effect.fnUntraced(function* (fixture) {
      const member = yield* fixture.connect
      const ears = [yield* listen(member, "own"), yield* listen(member, "own"), yield* listen(member, "*")]
      member.publish("own", text("mine"))
      for (const ear of ears) yield* same("heard", yield* ear.texts(1), ["mine"])
      yield* barrier(member, member)
      for (const ear of ears)
        yield* same(
          "heard twice",
          (yield* ear.rest).filter((heard) => heard === "mine"),
          []
        )
    })
  },
  {
    claim: "a subscription is in force when subscribe returns",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = yield* two(fixture)
      for (let round = 0; round < 20; round++) {
        const ear = yield* listen(receiver, `fresh.${round}`)
        sender.publish(`fresh.${round}`, text("first"))
        yield* same("heard", yield* ear.texts(1), ["first"])
      }
    })
  },
  {
    claim: "a subscription ends with its scope, and nothing is delivered to it afterwards",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = yield* two(fixture)
      const scope = yield* Scope.make()
      const ended = yield* Scope.provide(listen(receiver, "ends"), scope)
      const stays = yield* listen(receiver, "ends")
      sender.publish("ends", text("before"))
      yield* same("heard before", yield* ended.texts(1), ["before"])
      receiver.publish("ends", text("under way"))
      yield* Scope.close(scope, Exit.void)
      const afterClose = yield* ended.rest
      sender.publish("ends", text("after"))
      yield* barrier(sender, receiver)
      yield* same("heard after its scope closed", [...afterClose, ...(yield* ended.rest)], [])
      const heard = [...(yield* stays.texts(3))].sort()
      yield* same("heard by the other", heard, ["after", "before", "under way"])
    })
  },
  {
    claim: "a handler that throws harms neither other handlers nor later messages",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = yield* two(fixture)
      let thrown = 0
      yield* receiver.subscribe("rough", {
        onMessage: () => {
          thrown++
          throw new Error("this handler is broken")
        }
      })
      const ear = yield* listen(receiver, "rough")
      for (const content of ["one", "two", "three"]) sender.publish("rough", text(content))
      yield* same("heard", yield* ear.texts(3), ["one", "two", "three"])
      yield* same("times thrown", thrown, 3)
    })
  },
  {
    claim: "a message is never delivered inside the stack of its publisher",
    check: Effect.fnUntraced(function* (fixture) {
      const member = yield* fixture.connect
      const seen: Array<string> = []
      yield* member.subscribe("deep", {
        onMessage: (payload) => {
          seen.push(`in ${payload.length}`)
          if (payload.length < 3) member.publish("deep", new Uint8Array(payload.length + 1))
          seen.push(`out ${payload.length}`)
        }
      })
      member.publish("deep", new Uint8Array(1))
      yield* same("seen inside publish", seen, [])
      for (let hop = 0; hop < 3; hop++) yield* barrier(member, member)
      yield* same("seen", seen, ["in 1", "out 1", "in 2", "out 2", "in 3", "out 3"])
    })
  },
  {
    claim: "closing one member leaves the others as they were, and what it sent before arrives",
    check: Effect.fnUntraced(function* (fixture) {
      const { bus, close } = yield* closable(fixture)
      const [sender, receiver] = yield* two(fixture)
      const [mine, theirs] = [yield* listen(bus, "shared"), yield* listen(receiver, "shared")]
      bus.publish("shared", text("last words"))
      yield* close
      sender.publish("shared", text("go on"))
      const heard = yield* theirs.texts(2)
      yield* same("heard by the others", [...heard].sort(), ["go on", "last words"])
      yield* same("heard by the closed one", (yield* mine.rest).includes("go on"), false)
    })
  },
  {
    claim: "flush returns, and inboxes are all different",
    check: Effect.fnUntraced(function* (fixture) {
      const [sender, receiver] = yield* two(fixture)
      sender.publish("anything", text("x"))
      yield* sender.flush
      const inboxes = yield* Effect.all([sender.newInbox, sender.newInbox, receiver.newInbox])
      yield* same("different inboxes", new Set(inboxes).size, 3)
      const ear = yield* listen(receiver, `${inboxes[2]}.>`)
      sender.publish(`${inboxes[2]}.7.x`, text("below an inbox"))
      yield* same("heard below an inbox", yield* ear.texts(1), ["below an inbox"])
    })
  },
  {
    claim: "a closed bus says so, to everyone who asks and once to those who watch",
    check: Effect.fnUntraced(function* (fixture) {
      const { bus, close } = yield* closable(fixture)
      const seen: Array<string> = []
      yield* bus.onStatus(() => {
        throw new Error("this watcher is broken")
      })
      yield* bus.onStatus((status) => seen.push(status))
      yield* same("status at first", bus.status(), "Connected")
      yield* close
      yield* same("seen", seen, ["Closed"])
      yield* same("status", bus.status(), "Closed")
      yield* same("publish", bus.publish("any", text("x")), "closed")
      yield* same("subscribe", yield* outcome(Effect.scoped(listen(bus, "any"))), "BusUnavailable")
      yield* same("request", yield* outcome(bus.request("any", text("x"), 1000)), "BusUnavailable")
      yield* same("flush", yield* outcome(bus.flush), "BusUnavailable")
    })
  }
]
