/** Draining and taking back: in every group that there is, and never in none without a word. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { GroupId, NodeId } from "../protocol/ids.ts"
import { monotonicMs } from "../runtime/monotonic.ts"
import { onBus, text } from "../sim/bus/bus.test-support.ts"
import { noReplica, packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { nodeSeen } from "./discover.test-support.ts"
import { type OperationFailure, operatorsOf } from "./operators.ts"

/** What becomes of taking a node back where one node answers, which knows of n2 and of these groups. */
const undrained = (...groups: ReadonlyArray<string>) =>
  onBus({}, (world) =>
    Effect.gen(function* () {
      const node = yield* world.join("master")
      const unled = { phase: "Deposed", promised: 0, last: 0, chosen: 0, applied: 0 }
      const status = nodeSeen("master", {
        nodes: ["master", "n2"],
        groups: groups.map((group) => ({ group, ...unled }))
      })
      yield* node.subscribe(subjectsOf("dev").status, {
        onMessage: (_payload, _subject, replyTo) => void node.publish(replyTo!, text(JSON.stringify(status)))
      })
      const operators = operatorsOf(yield* world.join("operator"), "dev")
      return yield* Effect.flip(operators.undrain("n2", { timeoutMs: 100 }))
    })
  ).value

describe("taking a node back", () => {
  it("is not done where nobody who answers has a group: they may be starting", () => {
    expect(undrained()).toMatchObject({ _tag: "OperationUnfinished", group: undefined })
  })

  it("is not done where nobody answers, and refused for a node that nobody knows", () => {
    const asked = (answers: boolean, name: string) =>
      onBus({}, (world) =>
        Effect.gen(function* () {
          const node = yield* world.join("n1")
          if (answers)
            yield* node.subscribe(subjectsOf("dev").status, {
              onMessage: (_payload, _subject, replyTo) =>
                void node.publish(replyTo!, text(JSON.stringify(nodeSeen("n1", { nodes: ["n1"] }))))
            })
          return yield* Effect.flip(operatorsOf(yield* world.join("operator"), "dev").drain(name))
        })
      ).value
    expect(asked(false, "n1")._tag).toBe("OperationUnfinished")
    expect(asked(false, "n1").message).toMatch(/^not done in time \(no node of the cluster "dev" answers\)/)
    expect(asked(true, "n9")._tag).toBe("OperationRefused")
    expect(asked(true, "n9").message).toBe("no node knows of a node n9")
  })

  it("is not done while nobody leads a group", () => {
    expect(undrained("main")).toMatchObject({ _tag: "OperationUnfinished", group: "main" })
  })
})

/** When a leader is asked that answers each request with a new pass, in milliseconds since the first one. */
const askedForEver = (timeoutMs: number) =>
  onBus({}, (world) =>
    Effect.gen(function* () {
      const node = yield* world.join("n1")
      const operator = yield* world.join("operator")
      const [subjects, codec] = [subjectsOf("dev"), packetCodec("dev")]
      const configuration = { ballot: 2, generation: 0, leader: "n1", acceptors: ["n1"] }
      const leading = { phase: "Serving", promised: 2, last: 0, chosen: 0, applied: 0, configuration }
      const status = nodeSeen("n1", { groups: [{ group: "main", ...leading }] })
      yield* node.subscribe(subjects.status, {
        onMessage: (_payload, _subject, replyTo) => void node.publish(replyTo!, text(JSON.stringify(status)))
      })
      const micros: Array<number> = []
      yield* node.subscribe(subjects.operator(NodeId("n1")), {
        onMessage: (_payload, _subject, replyTo) => {
          micros.push(world.kernel.time.nowMicros)
          const answer = { _tag: "AskAgain", pass: String(micros.length) } as const
          const body = { _tag: "OperatorReply", answer } as const
          node.publish(replyTo!, codec.encode(noReplica, GroupId("main"), body))
        }
      })
      const startedMs = yield* monotonicMs
      const failure = yield* Effect.flip(operatorsOf(operator, "dev").transfer("main", "n1", { timeoutMs }))
      const tookMs = (yield* monotonicMs) - startedMs
      return { failure, tookMs, atMs: micros.map((at) => Math.floor((at - micros[0]!) / 1000)) }
    })
  ).value

describe("a timeout that is no number", () => {
  it("is refused, and nobody is asked", () => {
    const refused = onBus({}, (world) =>
      Effect.gen(function* () {
        const operators = operatorsOf(yield* world.join("operator"), "dev")
        const options = { timeoutMs: Number.NaN }
        const calls: ReadonlyArray<Effect.Effect<unknown, OperationFailure>> = [
          operators.transfer("main", "n1", options),
          operators.replace("main", "n1", "n2", options),
          operators.drain("n1", options),
          operators.undrain("n1", options)
        ]
        return yield* Effect.forEach(calls, (call) => Effect.flip(call))
      })
    ).value
    const reason = "the option timeoutMs is NaN; give a number of milliseconds"
    for (const failure of refused) expect(failure).toMatchObject({ _tag: "OperationRefused", reason })
  })
})

describe("who is given one pass after the other", () => {
  it("comes with the first at once, and then after pauses that grow to a second", () => {
    const { failure, tookMs, atMs } = askedForEver(10_000)
    expect(failure.message).toContain("n1 gives a new pass each time it is asked")
    const pauses = atMs.slice(1).map((at, index) => at - atMs[index]!)
    expect(pauses[0]).toBeLessThan(10)
    for (const [index, pause] of pauses.slice(1).entries()) {
      expect(pause).toBeGreaterThanOrEqual(Math.min(20 * 2 ** index, 1000))
      expect(pause).toBeLessThan(Math.min(20 * 2 ** index, 1000) + 10)
    }
    expect(atMs.length).toBeGreaterThan(10)
    expect(tookMs).toBeLessThan(11_100)
  })
})

/** A drain where n1 leads all groups, and each of them is done so long after it is first asked. */
const drained = (doneAfterMs: ReadonlyMap<string, number>, timeoutMs: number) =>
  onBus({}, (world) =>
    Effect.gen(function* () {
      const node = yield* world.join("n1")
      const [subjects, codec] = [subjectsOf("dev"), packetCodec("dev")]
      const configuration = { ballot: 2, generation: 0, leader: "n1", acceptors: ["n1"] }
      const leading = { phase: "Serving", promised: 2, last: 0, chosen: 0, applied: 0, configuration }
      const groups = [...doneAfterMs.keys()].map((group) => ({ group, ...leading }))
      const status = nodeSeen("n1", { nodes: ["n1"], groups })
      yield* node.subscribe(subjects.status, {
        onMessage: (_payload, _subject, replyTo) => void node.publish(replyTo!, text(JSON.stringify(status)))
      })
      const askedMs = new Map<string, number>()
      yield* node.subscribe(subjects.operator(NodeId("n1")), {
        onMessage: (payload, _subject, replyTo) => {
          const { group } = codec.decode(payload) as Exclude<ReturnType<typeof codec.decode>, string>
          const nowMs = world.kernel.time.nowMicros / 1000
          if (!askedMs.has(group)) askedMs.set(group, nowMs)
          const isDone = nowMs - askedMs.get(group)! >= doneAfterMs.get(group)!
          const answer = isDone
            ? ({ _tag: "Done", configuration: undefined } as const)
            : ({ _tag: "Waiting", reason: "n1 is to be taken out" } as const)
          node.publish(replyTo!, codec.encode(noReplica, group, { _tag: "OperatorReply", answer }))
        }
      })
      const operators = operatorsOf(yield* world.join("operator"), "dev")
      const result = yield* Effect.result(operators.drain("n1", { timeoutMs }))
      return { result, asked: [...askedMs.keys()].sort() }
    })
  ).value

const named = (letter: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `${letter}${String(index).padStart(2, "0")}`)

describe("draining a node that is in many groups", () => {
  it("goes on for longer than its timeout as long as one group after the other is done", () => {
    const { result } = drained(new Map(named("g", 6).map((group, index) => [group, 400 * index])), 1000)
    expect(result).toMatchObject({ _tag: "Success" })
  })

  it("is done in all others where some cannot be done, and says how far it came", () => {
    const stuck = named("a", 10).map((group) => [group, Number.POSITIVE_INFINITY] as const)
    const others = named("b", 10).map((group) => [group, 30] as const)
    const { result, asked } = drained(new Map([...stuck, ...others]), 5000)
    expect(asked).toHaveLength(20)
    expect(result).toMatchObject({
      _tag: "Failure",
      failure: { _tag: "OperationUnfinished", progress: { groups: 20, waiting: named("a", 10) } }
    })
    expect(result).toHaveProperty(
      "failure.message",
      "10 of 20 groups are done; group a00: not done in time (n1 is to be taken out), nor 9 more; " +
        "what was begun goes on, ask again"
    )
  })
})
