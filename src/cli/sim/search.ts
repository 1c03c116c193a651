/**
 * `aplomb sim search`: every state of a small cluster of the real cores, or random walks through a larger
 * one.
 */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { SearchProgress, SearchRequest, SearchRun, SearchVerdict } from "../../sim/search/run.ts"
import { CommandFailed, exitCodes, usageFailure } from "../failure.ts"
import { countFlag, jsonFlag } from "../flags.ts"
import { print, printJson } from "../output.ts"

type Begin = (request: SearchRequest) => SearchRun | string

/** What is taken from the module of seeded bugs: nothing that is shipped imports it. */
interface Mutated {
  readonly loadMutatedSearch: (
    id: string
  ) => Promise<{ readonly scope: string | undefined; readonly beginSearch: Begin } | undefined>
  readonly searchMutantIds: () => ReadonlyArray<string>
}

const place = new URL("../../sim/mutants/search.ts", import.meta.url)

const loadMutant = Effect.fnUntraced(function* (id: string) {
  const notHere = () =>
    usageFailure(
      "mutants are edits of the sources: run this in a checkout of the repository, with node src/cli/main.ts"
    )
  const module = yield* Effect.tryPromise({
    try: () => import(place.href) as Promise<Mutated>,
    catch: notHere
  })
  const loaded = yield* Effect.promise(() => module.loadMutatedSearch(id))
  if (loaded !== undefined) return loaded
  return yield* usageFailure(
    `no one mutant is called "${id}"; there are: ${module.searchMutantIds().join("; ")}`
  )
})

const sliceMs = 50
const saidEveryMs = 1000

const speedOf = ({ states, transitions }: SearchProgress, millis: number): string => {
  const perSecond = (count: number) => Math.round((1000 * count) / Math.max(1, millis)).toLocaleString("en")
  const seen = states > 0 ? `${states.toLocaleString("en")} states (${perSecond(states)}/s), ` : ""
  return `${seen}${transitions.toLocaleString("en")} steps (${perSecond(transitions)}/s)`
}

/** Goes on until there is a verdict or the time is over; lets signals in between. */
const follow = Effect.fnUntraced(function* (run: SearchRun, limitMs: number) {
  const startedMs = performance.now()
  let saidMs = startedMs
  for (;;) {
    const sliceEndsMs = performance.now() + sliceMs
    while (performance.now() < sliceEndsMs) {
      const verdict = run.advance()
      if (verdict !== undefined) return { verdict, millis: performance.now() - startedMs }
    }
    const millis = performance.now() - startedMs
    if (millis >= limitMs) {
      const verdict: SearchVerdict = { ...run.progress(), found: undefined, isComplete: false }
      return { verdict, millis }
    }
    if (process.stderr.isTTY === true && performance.now() - saidMs > saidEveryMs) {
      saidMs = performance.now()
      process.stderr.write(`\r\u001b[K${speedOf(run.progress(), millis)}`)
    }
    yield* Effect.sleep(0)
  }
})

const linesOf = (request: SearchRequest, verdict: SearchVerdict, millis: number): ReadonlyArray<string> => {
  const { found, efforts, isComplete, depth } = verdict
  const lines = [`${request.scope}: ${speedOf(verdict, millis)} in ${(millis / 1000).toFixed(1)} s`]
  for (const { strategy, walks, steps } of efforts)
    lines.push(`  ${strategy}: ${walks.toLocaleString("en")} walks, ${steps.toLocaleString("en")} steps`)
  if (found !== undefined) {
    lines.push(`${found.broken}`)
    lines.push(`found by ${found.strategy}, ${found.stepsFound} steps, shrunk to ${found.steps.length}:`)
    for (const [index, step] of found.steps.entries()) lines.push(`${`${index + 1}`.padStart(4)}  ${step}`)
  } else if (isComplete) lines.push(`no law is broken in any of them; the farthest is ${depth} steps away`)
  else if (request.strategy === "exhaustive")
    lines.push("no law is broken in them; more states were left, for time or memory was used up")
  else lines.push("no walk broke a law")
  return lines
}

const scopeFlag = Flag.String("scope").pipe(
  Flag.optional,
  Flag.withMetavar("name"),
  Flag.withDescription(
    "What is searched (default two-ballots, or where the mutant is found); --scopes lists them"
  )
)

/** States are kept in blocks of 4 MiB: with less than a few of them nothing is searched. */
const memoryMinMiB = 16

const flags = {
  scope: scopeFlag,
  scopes: Flag.Boolean("scopes").pipe(Flag.withDefault(false), Flag.withDescription("List the scopes")),
  strategy: Flag.String("strategy").pipe(
    Flag.withDefault("exhaustive"),
    Flag.withMetavar("name"),
    Flag.withDescription(
      "exhaustive (default), walks for all of these in turns, uniform, swarm, priorities, delays, guided"
    )
  ),
  mutant: Flag.String("mutant").pipe(
    Flag.optional,
    Flag.withMetavar("id"),
    Flag.withDescription("Seed this bug into the cores first; only in a checkout of the repository")
  ),
  walks: countFlag("walks", { min: 1 }).pipe(
    Flag.withDefault(100_000),
    Flag.withDescription("Walks of each strategy at most (default 100000)")
  ),
  seconds: countFlag("seconds", { min: 1 }).pipe(
    Flag.withDefault(600),
    Flag.withDescription("Stop after so many seconds (default 600)")
  ),
  seed: countFlag("seed", { min: 0 }).pipe(
    Flag.withDefault(1),
    Flag.withDescription("Seed of the walks (default 1)")
  ),
  memory: countFlag("memory", { min: memoryMinMiB }).pipe(
    Flag.withDefault(1024),
    Flag.withMetavar("MiB"),
    Flag.withDescription("Memory for the states of an exhaustive search (default 1024)")
  ),
  json: jsonFlag
}

const listScopes = Effect.fnUntraced(function* () {
  const { scopes } = yield* Effect.promise(() => import("../../sim/search/scopes.ts"))
  for (const { name, claim, states } of scopes) {
    const size = states === undefined ? "" : ` (${states.toLocaleString("en")} states)`
    yield* print(`${name.padEnd(36)} ${claim}${size}`)
  }
})

export const simSearchCommand = Command.make(
  "search",
  flags,
  Effect.fnUntraced(function* ({ scope, scopes, strategy, mutant, walks, seconds, seed, memory, json }) {
    if (scopes) return yield* listScopes()
    const sound: { readonly scope: string | undefined; readonly beginSearch: Begin } = {
      ...(yield* Effect.promise(() => import("../../sim/search/run.ts"))),
      scope: "two-ballots"
    }
    const loaded = Option.isSome(mutant) ? yield* loadMutant(mutant.value) : sound
    const request: SearchRequest = {
      scope: Option.getOrElse(scope, () => loaded.scope ?? "three-ballots"),
      strategy,
      seed,
      walksMax: walks,
      bytesMax: memory * 2 ** 20
    }
    const run = loaded.beginSearch(request)
    if (typeof run === "string") return yield* usageFailure(run)
    const { verdict, millis } = yield* follow(run, 1000 * seconds)
    if (process.stderr.isTTY === true) process.stderr.write("\r\u001b[K")
    if (json) yield* printJson({ ...request, millis: Math.round(millis), ...verdict })
    else for (const line of linesOf(request, verdict, millis)) yield* print(line)
    if (verdict.found !== undefined) return yield* new CommandFailed({ reason: "", exitCode: exitCodes.no })
  })
).pipe(
  Command.withDescription(
    "Look at every state of a small cluster of the protocol's cores, or walk through a larger one at random"
  )
)
