/** How a run ended that could not go on, as a person reads it: what happened, and what to look for. */
import { stackOf } from "../../runtime/message-of.ts"
import type { Outcome } from "../kernel/kernel.ts"
import { expectAtOnce } from "../refuse.ts"

const number = (value: number): string => value.toLocaleString("en")

const loops =
  "Look for a loop that yields but never sleeps: a retry or repeat without a schedule, " +
  "a queue that is fed by who takes from it, two processes that answer each other at once"

const deadlock = (frozen: ReadonlyArray<string>): string => {
  const begin = "nothing is ready and no timer is set, but the run has not ended"
  if (frozen.length > 0) {
    const are = frozen.length === 1 ? "which is frozen and holds" : "which are frozen and hold"
    return `${begin}: it waits for ${frozen.join(", ")}, ${are} work back. Look for a pause that nobody ends`
  }
  return `${begin}. Look for a Deferred, queue or fiber that is waited for and that nobody completes any more`
}

type Stuck = Exclude<
  Outcome<unknown, unknown>,
  { readonly _tag: "Completed" | "Halted" | "Leaked" | "Threw" }
>

const spent = (budget: string, amount: number, unit: string, lookFor: string): string => {
  const all = `the run took all of its ${number(amount)} ${unit} (budget \`${budget}\`) and has not ended`
  return `${all}. Look for ${lookFor}, or allow more`
}

/** The sentence for a guard or a budget that ended a run. */
export const stuckText = (outcome: Stuck): string => {
  switch (outcome._tag) {
    case "Deadlock":
      return deadlock(outcome.frozen)
    case "Livelock": {
      const { busiest, steps } = outcome
      const who = busiest === "world" ? "the world (setup, faults, checks)" : `the process ${busiest}`
      const meanwhile = `${number(steps)} tasks ran while virtual time stood still`
      return `${who} never comes to rest: ${meanwhile}. ${loops}`
    }
    case "OutOfSteps":
      return spent("steps", outcome.steps, "tasks", "a process that wakes up ever more often")
    case "OutOfVirtualTime": {
      const lookFor = "something that is waited for without a time limit while timers go on"
      return spent("virtualMs", outcome.virtualMs, "ms of virtual time", lookFor)
    }
    case "OutOfRealTime":
      return spent("realMs", outcome.realMs, "ms of real time", "work that grows with what went before")
  }
}

/**
 * What a check says, or throws, as those of test runners do; `undefined` where nothing is wrong. One that
 * answers by anything else, such as a promise or `false`, has not said what is wrong: that itself is.
 */
export const wrongBy = (check: () => string | undefined): string | undefined => {
  try {
    const said: unknown = expectAtOnce("the check", check())
    if (said === undefined || typeof said === "string") return said
    const expected = "a sentence that says what is wrong, or undefined"
    return `the check returned ${String(said)}: it has to return ${expected}`
  } catch (error) {
    return stackOf(error)
  }
}
