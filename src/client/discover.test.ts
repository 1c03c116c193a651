/** Who leads, according to nodes that know more or less: near ones must not have the last word. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { GroupId } from "../protocol/ids.ts"
import { onBus, text } from "../sim/bus/bus.test-support.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { nodeSeen } from "./discover.test-support.ts"
import { findLeader, Surroundings } from "./discover.ts"

const subjects = subjectsOf("dev")

/** The answer of a node: its groups with ballot and leader. */
const status = (id: string, known?: { readonly ballot: number; readonly leader: string }) => ({
  id,
  storage: `${id}-disk`,
  pid: 1,
  state: "running",
  counters: {},
  groups:
    known === undefined
      ? []
      : [
          {
            group: "main",
            phase: "Deposed",
            promised: known.ballot,
            last: 0,
            chosen: 0,
            applied: 0,
            configuration: { ...known, generation: 0, acceptors: [known.leader] }
          }
        ]
})

interface Answer {
  readonly afterMs: number
  readonly status: ReturnType<typeof status>
}

/** What a client finds where nodes answer so, each after its time. */
const foundAmong = (...answers: ReadonlyArray<Answer>): string | undefined =>
  onBus({}, (world) =>
    Effect.gen(function* () {
      for (const { afterMs, status: told } of answers) {
        const node = yield* world.join(told.id)
        const life = world.life(told.id)
        yield* node.subscribe(subjects.status, {
          onMessage: (_payload, _subject, replyTo) => {
            const answer = Effect.sync(() => node.publish(replyTo!, text(JSON.stringify(told))))
            life.start(Effect.andThen(Effect.sleep(afterMs), answer))
          }
        })
      }
      return yield* findLeader(yield* world.join("client"), subjects, GroupId("main"), 10)
    })
  ).value

describe("looking for the leader", () => {
  it("waits for somebody who knows the group, however soon others answer", () => {
    const known = { afterMs: 40, status: status("n1", { ballot: 2, leader: "n1" }) }
    expect(foundAmong({ afterMs: 1, status: status("master") }, known)).toBe("n1")
  })

  it("believes the highest ballot, not the first answer", () => {
    const behind = { afterMs: 1, status: status("n3", { ballot: 2, leader: "n3" }) }
    const ahead = { afterMs: 5, status: status("n2", { ballot: 5, leader: "n2" }) }
    expect(foundAmong(behind, ahead)).toBe("n2")
  })

  it("finds nobody where nobody answers, or nobody knows", () => {
    expect(foundAmong()).toBeUndefined()
    expect(foundAmong({ afterMs: 1, status: status("master") })).toBeUndefined()
  })
})

describe("what is told to who asks in vain", () => {
  const copy = (group: string, machine?: string) => ({
    ...{ group, phase: "Learning", promised: 0, last: 0, chosen: 0, applied: 0 },
    ...(machine === undefined ? {} : { machine })
  })
  const seen = (...groups: ReadonlyArray<ReturnType<typeof copy>>) => {
    const surroundings = new Surroundings("main")
    for (const [index, group] of groups.entries()) {
      surroundings.take(nodeSeen(`n${index}`, { groups: [group] }))
    }
    return surroundings
  }

  it("is that nobody answered, or that nobody holds the group, of which there may be many others", () => {
    expect(seen().absence).toBe("no node of the cluster answered")
    const others = Array.from({ length: 12 }, (_, index) => copy(`g${String(index).padStart(2, "0")}`))
    expect(seen(...others).absence).toBe(
      'no node that answered holds the group "main"; ' +
        "they hold g00, g01, g02, g03, g04, g05, g06, g07 and 4 more"
    )
  })

  it("is nothing of the kind where one node holds it, whichever answers first", () => {
    expect(seen(copy("main"), copy("other")).absence).toBeUndefined()
    expect(seen(copy("other"), copy("main")).absence).toBeUndefined()
  })

  it("names the machine of the group, where a node tells it", () => {
    expect(seen(copy("other", "kv"), copy("main", "tally")).unreadable("command")).toContain(
      'machine "tally"'
    )
    expect(seen(copy("other", "kv")).unreadable("command")).toContain("may replicate another machine")
  })
})
