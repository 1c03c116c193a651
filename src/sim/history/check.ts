/** Decides whether a history is linearizable: key by key, by the cheapest means that decides. */
import { ignored, type Model, type Partition, partitionOf } from "./model.ts"
import type { Key, Operation } from "./operation.ts"
import { allShortcuts, Search, type SearchVerdict, type Shortcuts } from "./search.ts"
import { withoutUnnoticed } from "./unnoticed.ts"
import { checkVersionOrder } from "./version-order.ts"
import type { Allowance } from "./visited.ts"
import { refuteByWindow } from "./window.ts"
import { checkZones } from "./zones.ts"

/** How hard to try. */
export interface CheckOptions {
  /** Asked between portions of work; true ends the check, undecided. Left out: never. */
  readonly isTimeUp?: (() => boolean) | undefined
  /** Steps of search over all keys before the check ends undecided. Left out: no limit. */
  readonly stepsMax?: number | undefined
  /** Memory for positions that were visited; when it is spent the search goes on, but may repeat itself. */
  readonly memoryMaxBytes?: number | undefined
  /** False: neither versions nor zones are used, only the search. */
  readonly fastPaths?: boolean | undefined
  readonly shortcuts?: Shortcuts | undefined
}

/** The key on which the history is contradictory, and its operations. */
export interface Failure<Command> {
  readonly key: Key
  readonly partition: Partition<Command>
}

/** What became of a check. */
export interface CheckResult<Command> {
  readonly verdict: SearchVerdict
  readonly partitions: number
  /** Operations of the partitions that were decided. */
  readonly checked: number
  readonly failure: Failure<Command> | undefined
  readonly undecidedKeys: ReadonlyArray<Key>
  /** Keys whose versions contradict their history, although another order may explain it. */
  readonly versionFaults: ReadonlyArray<{ readonly key: Key; readonly reason: string }>
}

const defaultMemoryBytes = 1024 * 1024 * 1024
const firstBudget = 2_000
const portionSteps = 50_000
const windowSteps = 500_000

/**
 * The operations of each key with their commands.
 *
 * @returns a sentence instead, if the model does not understand one of them.
 */
export const partitionByKey = <State, Command>(
  model: Model<State, Command>,
  operations: ReadonlyArray<Operation>
): ReadonlyMap<Key, Partition<Command>> | string => {
  const groups = new Map<Key, { readonly operations: Array<Operation>; readonly commands: Array<Command> }>()
  for (const operation of operations) {
    const command = model.command(operation)
    if (typeof command === "string") return command
    if (command === ignored) continue
    let group = groups.get(operation.key)
    if (group === undefined) groups.set(operation.key, (group = { operations: [], commands: [] }))
    group.operations.push(operation)
    group.commands.push(command as Command)
  }
  return new Map([...groups].map(([key, group]) => [key, partitionOf(group.operations, group.commands)]))
}

/** Decides a register whose values have one producer each; "unknown" for all else. */
export const decideByZones = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>
): { readonly verdict: SearchVerdict; readonly culprits: ReadonlyArray<number> } => {
  const { register } = model
  if (register === undefined) return { verdict: "unknown", culprits: [] }
  const commands = partition.commands.map(register.transition)
  const zones = checkZones({ ...partition, commands }, register.initial)
  if (zones.verdict === "not-applicable") return { verdict: "unknown", culprits: [] }
  const culprits = zones.verdict === "not-linearizable" ? zones.culprits : []
  return { verdict: zones.verdict, culprits }
}

/** A key that the fast ways left undecided. */
interface Hard<State, Command> extends Failure<Command> {
  readonly search: Search<State, Command>
}

class Check<State, Command> {
  private readonly model: Model<State, Command>
  private readonly partitions: ReadonlyMap<Key, Partition<Command>>
  private readonly options: CheckOptions
  private readonly allowance: Allowance
  private readonly versionFaults: Array<{ readonly key: Key; readonly reason: string }> = []
  private checked = 0
  private steps = 0

  constructor(
    model: Model<State, Command>,
    partitions: ReadonlyMap<Key, Partition<Command>>,
    options: CheckOptions
  ) {
    this.model = model
    this.partitions = partitions
    this.options = options
    this.allowance = { words: Math.floor((options.memoryMaxBytes ?? defaultMemoryBytes) / 4) }
  }

  private result(
    verdict: SearchVerdict,
    failure?: Failure<Command>,
    undecidedKeys: ReadonlyArray<Key> = []
  ): CheckResult<Command> {
    const { checked, versionFaults } = this
    return { verdict, partitions: this.partitions.size, checked, failure, undecidedKeys, versionFaults }
  }

  private decideFast(key: Key, partition: Partition<Command>): SearchVerdict {
    if (this.options.fastPaths === false) return "unknown"
    const versions = checkVersionOrder(this.model, partition)
    if (versions.verdict === "linearizable") return "linearizable"
    if (versions.verdict === "contradicted") this.versionFaults.push({ key, reason: versions.reason })
    return decideByZones(this.model, partition).verdict
  }

  private isOver(): boolean {
    return (
      this.options.isTimeUp?.() === true || this.steps >= (this.options.stepsMax ?? Number.POSITIVE_INFINITY)
    )
  }

  /** Looks for a short stretch that cannot be, where the search could not get further. */
  private isRefuted({ partition, search }: Hard<State, Command>, budget: number): boolean {
    if (this.options.fastPaths === false || this.isOver() || search.stuckAt === Number.POSITIVE_INFINITY)
      return false
    const { isRefuted, steps } = refuteByWindow(
      this.model,
      partition,
      search.stuckAt,
      Math.min(budget, windowSteps)
    )
    this.steps += steps
    return isRefuted
  }

  /** Runs one search for `budget` steps, in portions, so that the time is looked at often. */
  private spend(search: Search<State, Command>, budget: number): SearchVerdict {
    for (let left = budget; left > 0 && !this.isOver(); ) {
      const before = search.steps
      const verdict = search.run(Math.min(left, portionSteps))
      const used = Math.max(1, search.steps - before)
      this.steps += used
      left -= used
      if (verdict !== "unknown") return verdict
    }
    return "unknown"
  }

  run(): CheckResult<Command> {
    const { partitions, model } = this
    const shortcuts = this.options.shortcuts ?? allShortcuts
    let hard: Array<Hard<State, Command>> = []
    const late: Array<Key> = []
    for (const [key, partition] of partitions) {
      if (this.isOver()) {
        late.push(key)
        continue
      }
      const fast = this.decideFast(key, partition)
      if (fast === "not-linearizable") return this.result(fast, { key, partition })
      if (fast === "linearizable") {
        this.checked += partition.commands.length
        continue
      }
      const searched = shortcuts.unnoticed ? withoutUnnoticed(model, partition) : partition
      const search = new Search(model, searched, shortcuts, this.allowance)
      const verdict = this.spend(search, firstBudget)
      if (verdict === "not-linearizable") return this.result(verdict, { key, partition })
      if (verdict === "linearizable") this.checked += partition.commands.length
      else hard.push({ key, partition, search })
    }
    // A hard key must not starve the others: each gets the same budget, then four times as much.
    for (let budget = firstBudget * 4; hard.length > 0 && !this.isOver(); budget *= 4) {
      const left: Array<Hard<State, Command>> = []
      for (const item of hard) {
        const verdict = this.spend(item.search, budget)
        if (verdict === "not-linearizable") return this.result(verdict, item)
        if (verdict === "linearizable") this.checked += item.partition.commands.length
        else if (this.isRefuted(item, budget)) return this.result("not-linearizable", item)
        else left.push(item)
      }
      hard = left
    }
    const undecided = [...hard.map(({ key }) => key), ...late]
    return this.result(undecided.length === 0 ? "linearizable" : "unknown", undefined, undecided)
  }
}

/**
 * Checks the partitions of a history.
 *
 * @returns "not-linearizable" as soon as one key is; "unknown" if time, steps or patience ran out first.
 */
export const checkPartitions = <State, Command>(
  model: Model<State, Command>,
  partitions: ReadonlyMap<Key, Partition<Command>>,
  options: CheckOptions
): CheckResult<Command> => new Check(model, partitions, options).run()
