/** The queue of the example hands each job to one worker at a time, and knows late ones by their tokens. */
import type { At } from "aplomb"
import { describe, expect, it } from "vitest"
import { jobQueue } from "./job-queue.ts"

type Command = Parameters<typeof jobQueue.apply>[1]

/** A queue to which commands come at these times of the log. */
const queue = () => {
  let state = jobQueue.initial()
  let slot = 0
  const at = (atMs: number, command: Command) => {
    const place = { slot: ++slot, atMs, session: 1 } as unknown as At
    const [next, reply] = jobQueue.apply(state, command, place)
    state = next
    return reply
  }
  return { at, jobs: () => jobQueue.answer(state, null) }
}

const add = (id: string): Command => ({ _tag: "Add", id, work: "w" })
const take: Command = { _tag: "Take", leaseMs: 100 }

describe("the queue of the example", () => {
  it("knows a job again by its name, also when it is finished", () => {
    const { at, jobs } = queue()
    expect([at(0, add("a")).done, at(0, add("a")).done]).toEqual([true, false])
    const { job } = at(0, take)
    expect(at(1, { _tag: "Finish", id: "a", token: job!.token }).done).toBe(true)
    expect(at(2, add("a")).done).toBe(false)
    expect(jobs()).toEqual([])
  })

  it("gives a job to nobody else until its lease is over, and then with a larger token", () => {
    const { at } = queue()
    at(0, add("a"))
    const first = at(0, take).job!
    expect(at(99, take)).toEqual({ done: false, job: null })
    const second = at(100, take).job!
    expect(second).toMatchObject({ id: "a", attempts: 2, leasedUntilMs: 200 })
    expect(second.token).toBeGreaterThan(first.token)
  })

  it("takes nothing from a worker that lost the job, and all from one that still has it", () => {
    const { at } = queue()
    at(0, add("a"))
    const { token: late } = at(0, take).job!
    const { token } = at(150, take).job!
    for (const _tag of ["Renew", "Finish"] as const)
      expect(at(160, { _tag, id: "a", token: late, leaseMs: 100 }).done).toBe(false)
    expect(at(240, { _tag: "Renew", id: "a", token, leaseMs: 100 }).done).toBe(true)
    expect(at(260, take).job).toBeNull()
    expect(at(999, { _tag: "Finish", id: "a", token }).done).toBe(true)
  })
})
