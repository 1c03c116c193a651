/** Draining and taking back: in every group that there is, and never in none without a word. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { onBus, text } from "../sim/bus/bus.test-support.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { nodeSeen } from "./discover.test-support.ts"
import { operatorsOf } from "./operators.ts"

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
