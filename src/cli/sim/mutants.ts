/** `aplomb sim mutants`: tries every seeded bug, and says how many runs the simulator needs to find it. */
import { writeFileSync } from "node:fs"
import { DateTime, Effect, Option, type Scope } from "effect"
import { Command, Flag } from "effect/cli"
import { CommandFailed, exitCodes, usageFailure } from "../failure.ts"
import { countFlag, jobsFlag, jsonFlag } from "../flags.ts"
import { printUnsafe } from "../output.ts"
import { writing } from "../written.ts"

interface Options {
  readonly only: string | undefined
  readonly seeds: number
  readonly jobs: number
  readonly json: boolean
  readonly print: (line: string) => void
}

/**
 * What is taken from the campaign's module. Nothing that is shipped imports it: it is loaded here, by its
 * place.
 */
interface Campaign {
  readonly runMutants: (options: Options) => Effect.Effect<Verdict, never, Scope.Scope>
}

interface Verdict {
  readonly tried: number
  readonly alive: ReadonlyArray<string>
  readonly failedAnyway: ReadonlyArray<string>
  readonly markdown: (date: string) => string
}

const place = new URL("../../sim/mutants/command.ts", import.meta.url)

const loadCampaign = Effect.tryPromise({
  try: () => import(place.href) as Promise<Campaign>,
  catch: () =>
    usageFailure(
      "mutants are edits of the sources: run this in a checkout of the repository, with node src/cli/main.ts"
    )
})

const onlyFlag = Flag.String("only").pipe(
  Flag.optional,
  Flag.withMetavar("id"),
  Flag.withDescription("Only mutants whose id has this in it, such as wal/ or acceptor/")
)

const seedsFlag = countFlag("seeds", { min: 1 }).pipe(
  Flag.withDefault(200),
  Flag.withDescription("Runs at most for each mutant (default 200)")
)

const threadsFlag = jobsFlag.pipe(Flag.withDefault(1), Flag.withDescription("Threads (default 1)"))

const markdownFlag = Flag.String("markdown").pipe(
  Flag.optional,
  Flag.withMetavar("file"),
  Flag.withDescription("Write the table to this file as Markdown, when all have been tried")
)

export const mutantsCommand = Command.make(
  "mutants",
  { only: onlyFlag, seeds: seedsFlag, jobs: threadsFlag, json: jsonFlag, markdown: markdownFlag },
  Effect.fnUntraced(function* ({ only, seeds, jobs, json, markdown }) {
    const { runMutants } = yield* loadCampaign
    const name = Option.getOrUndefined(only)
    const options: Options = { only: name, seeds, jobs, json, print: printUnsafe }
    const { tried, alive, failedAnyway, markdown: page } = yield* Effect.scoped(runMutants(options))
    if (tried === 0) return yield* usageFailure(`no mutant has "${name}" in its id`)
    if (Option.isSome(markdown)) {
      const text = page(DateTime.formatIsoDateUtc(yield* DateTime.now))
      yield* writing(markdown.value, () => writeFileSync(markdown.value, text))
    }
    const reasons: Array<string> = []
    if (alive.length > 0)
      reasons.push(`${alive.length} of ${tried} mutants were not killed: ${alive.join(", ")}`)
    if (failedAnyway.length > 0)
      reasons.push(`${failedAnyway.length} runs fail without a mutant: ${failedAnyway.join(", ")}`)
    if (reasons.length > 0)
      return yield* new CommandFailed({ reason: reasons.join("; "), exitCode: exitCodes.no })
  })
).pipe(
  Command.withDescription("Seed one bug after the other into the sources, and let the simulator find it")
)
