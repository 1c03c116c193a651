/** `aplomb sim list`: the simulations that have a name. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { usageFailure } from "../failure.ts"
import { jsonFlag } from "../flags.ts"
import { print, printJson } from "../output.ts"

/** Loaded on demand: no other command needs any of it. */
const loadScenarios = Effect.promise(() => import("../../sim/scenarios/named.ts"))

export const scenarioArgument = Argument.String("scenario").pipe(
  Argument.withDescription("Name of a simulation; aplomb sim list shows them")
)

/** The simulation of a name. */
export const findScenario = Effect.fnUntraced(function* (name: string) {
  const { scenarioNamed, scenarios } = yield* loadScenarios
  const scenario = scenarioNamed(name)
  if (scenario !== undefined) return scenario
  const names = scenarios.map((each) => each.name).join(", ")
  return yield* usageFailure(`there is no simulation called "${name}"; there are ${names}`)
})

export const simListCommand = Command.make(
  "list",
  { json: jsonFlag },
  Effect.fnUntraced(function* ({ json }) {
    const { scenarios } = yield* loadScenarios
    const rows = scenarios.map(({ name, spec }) => ({
      name,
      about: spec.about,
      faults: spec.families.map((family) => family.name)
    }))
    if (json) return yield* printJson(rows)
    for (const { name, about } of rows) yield* print(`${name.padEnd(12)} ${about}`)
  })
).pipe(Command.withDescription("The simulations that have a name"))
