/** What campaigns over all scenarios have run so far: lines of a file, and the page that is made of them. */

/** One batch of seeds of one scenario. */
export interface Batch {
  readonly scenario: string
  /** The first seed, and how many. */
  readonly from: number
  readonly seeds: number
  /** The code that ran them, as Git names it. */
  readonly code: string
  readonly date: string
  readonly messages: number
  readonly virtualMs: number
  readonly cpuMs: number
  readonly findings: ReadonlyArray<string>
  /** Runs whose history was not decided; batches of earlier code do not say. */
  readonly undecided?: ReadonlyArray<string>
  /** What is to be seen at least once in a campaign, and was not in this batch. */
  readonly unseen: ReadonlyArray<string>
}

const readBatch = (line: string, index: number): Batch => {
  try {
    return JSON.parse(line) as Batch
  } catch {
    throw new Error(`line ${index + 1} of the record is no JSON: mend it, or take it out`)
  }
}

/** The batches that a record holds, one a line. Throws where a line cannot be read. */
export const readRecord = (text: string): ReadonlyArray<Batch> =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(readBatch)

const of = (batches: ReadonlyArray<Batch>, scenario: string): ReadonlyArray<Batch> =>
  batches.filter((batch) => batch.scenario === scenario)

const sum = (batches: ReadonlyArray<Batch>, value: (batch: Batch) => number): number =>
  batches.reduce((total, batch) => total + value(batch), 0)

const seedsOf = (batches: ReadonlyArray<Batch>, scenario: string): number =>
  sum(of(batches, scenario), ({ seeds }) => seeds)

/** The seed to go on from: behind all that were run. */
export const nextSeed = (batches: ReadonlyArray<Batch>, scenario: string): number =>
  Math.max(1, ...of(batches, scenario).map(({ from, seeds }) => from + seeds))

/**
 * The scenario to go on with, the one with the fewest seeds so far; undefined when all have `seeds` of them.
 */
export const nextScenario = (
  batches: ReadonlyArray<Batch>,
  scenarios: ReadonlyArray<string>,
  seeds: number
): string | undefined => {
  const least = Math.min(...scenarios.map((scenario) => seedsOf(batches, scenario)))
  return least >= seeds ? undefined : scenarios.find((scenario) => seedsOf(batches, scenario) === least)
}

const round = (value: number): string => Math.round(value).toLocaleString("en")

const rowOf = (batches: ReadonlyArray<Batch>, scenario: string): string => {
  const [first] = batches
  if (first === undefined) return `| \`${scenario}\` | 0 | | | | | |`
  const codes = [...new Set(batches.map(({ code }) => code))]
  const findings = batches.flatMap(({ findings, undecided = [] }) => [
    ...findings,
    ...undecided.map((name) => `history not decided: ${name}`)
  ])
  const never = first.unseen.filter((name) => batches.every(({ unseen }) => unseen.includes(name)))
  const cells = [
    `\`${scenario}\``,
    round(sum(batches, (batch) => batch.seeds)),
    round(sum(batches, (batch) => batch.messages)),
    (sum(batches, (batch) => batch.virtualMs) / 3_600_000).toFixed(1),
    findings.length === 0 ? "none" : findings.join("; "),
    never.length === 0 ? "nothing" : never.join("; "),
    codes.join(", ")
  ]
  return `| ${cells.join(" | ")} |`
}

/** The page: what was run, for how long, by which code, and what came of it. */
export const pageOf = (batches: ReadonlyArray<Batch>, scenarios: ReadonlyArray<string>): string => {
  const known = batches.filter(({ scenario }) => scenarios.includes(scenario))
  const dates = known.map(({ date }) => date).sort()
  const total = [
    `${round(sum(known, (batch) => batch.seeds))} runs`,
    `${round(sum(known, (batch) => batch.messages))} bus messages`,
    `${round(sum(known, (batch) => batch.virtualMs) / 3_600_000)} simulated hours`,
    `${(sum(known, (batch) => batch.cpuMs) / 3_600_000).toFixed(1)} hours of processor time`
  ]
  return `# Campaigns

Seeds of each scenario that were run with all laws on, and what they found. Made by \`npm run campaign\`,
which goes on where it was left: each batch is a line of \`campaigns.jsonl\` that names the code that ran it.
What is found is mended, and a seed of each bug is among those that are run first,
with what it was: \`test/seeds.json\`. What is not mended yet stands in the README, under its limits.

${dates[0] ?? "Not begun"} to ${dates.at(-1) ?? "now"}: ${total.join(", ")}.

| scenario | seeds | messages | simulated hours | findings | never seen | code |
| --- | --: | --: | --: | --- | --- | --- |
${scenarios.map((scenario) => rowOf(of(batches, scenario), scenario)).join("\n")}
`
}
