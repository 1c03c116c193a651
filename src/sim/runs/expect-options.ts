/** Options of a run that are none: refused before it begins, and not taken for others. */
import { expectCount, expectLimit, expectMs, expectOneOf } from "../refuse.ts"
import type { SimulationSpec } from "../simulation-spec.ts"
import type { RunOptions } from "./result.ts"

/** The name of a family, of one that is left out, or of which one strike is. */
const familyIn = (name: string): string => name.replace(/#[1-9]\d*$/, "")

const expectFamilies = ({ name, families }: SimulationSpec, without: ReadonlyArray<string>): void => {
  const names = families.map((family) => family.name)
  for (const one of without) {
    if (names.includes(one) || names.includes(familyIn(one))) continue
    const there = names.length === 0 ? "none" : names.join(", ")
    throw new RangeError(
      `without: ${name} has no family of faults "${one}"; there are: ${there}; ` +
        "one strike is such as restarts#2"
    )
  }
}

/** Throws where the options of a run are none. */
export const expectOptions = (spec: SimulationSpec, options: RunOptions): void => {
  const { nodesMax, clientsMax, operationsMax, chaosMaxMs, scheduler = {}, budgets = {}, without } = options
  for (const [name, limit] of Object.entries({ nodesMax, clientsMax, operationsMax }))
    expectLimit(name, limit)
  expectMs("chaosMaxMs", chaosMaxMs)
  for (const [name, most] of Object.entries(budgets)) expectMs(`budgets: ${name}`, most)
  const { mode, choice, ...counts } = scheduler
  expectOneOf("scheduler: mode", mode, ["inline", "hop", "preempt"])
  expectOneOf("scheduler: choice", choice, ["uniform", "fifo", "priorities"])
  for (const [name, count] of Object.entries(counts))
    if (count !== undefined) expectCount(`scheduler: ${name}`, count, name === "changePoints" ? 0 : 1)
  if (without !== undefined) expectFamilies(spec, without)
}
