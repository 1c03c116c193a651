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
    expect(undrained()).toMatchObject({ _tag: "OperationUnfinished", group: "all" })
  })

  it("is not done while nobody leads a group", () => {
    expect(undrained("main")).toMatchObject({ _tag: "OperationUnfinished", group: "main" })
  })
})
