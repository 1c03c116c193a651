/**
 * How fast histories are checked: many keys, one hot key, stores with append:
 * `node bench/history.ts [--only TEXT]`, where TEXT is part of a case's name.
 */
import { giveUp, readFlags } from "../scripts/flags.ts"
import { type CheckOptions, checkPartitions, partitionByKey } from "../src/sim/history/check.ts"
import { kvModel, registerModel } from "../src/sim/history/register.ts"
import { Dice, generate, type Recipe } from "../test/histories/generate.ts"

const now = (): number => performance.now()

const register = ["read", "read", "write", "cas"]
const usual: Recipe = {
  operations: 100_000,
  processes: 50,
  keys: 1_000,
  values: 5,
  kinds: register,
  openPercent: 1,
  failPercent: 1
}

const cases: ReadonlyArray<{
  readonly name: string
  readonly recipe: Recipe
  readonly options?: CheckOptions
}> = [
  { name: "100 k operations, 1,000 keys, 50 clients, 5 values", recipe: usual },
  { name: "the same, all values new (zones)", recipe: { ...usual, values: 0 } },
  { name: "the same, by search alone", recipe: { ...usual, values: 0 }, options: { fastPaths: false } },
  { name: "the same, with versions", recipe: { ...usual, versions: true } },
  {
    name: "1 M operations, 10,000 keys, 50 clients",
    recipe: { ...usual, operations: 1_000_000, keys: 10_000 }
  },
  {
    name: "1 M operations on one key, 50 clients, with versions",
    recipe: { ...usual, operations: 1_000_000, keys: 1, versions: true }
  },
  {
    name: "one key, 10 k operations, 16 clients, all values new",
    recipe: { ...usual, operations: 10_000, processes: 16, keys: 1, values: 0 }
  },
  {
    name: "the same, by search alone",
    recipe: { ...usual, operations: 10_000, processes: 16, keys: 1, values: 0 },
    options: { fastPaths: false }
  },
  {
    name: "one key, 10 k operations, 16 clients, 5 values",
    recipe: { ...usual, operations: 10_000, processes: 16, keys: 1 }
  },
  {
    name: "one key, 10 k operations, 16 clients, 100 values",
    recipe: { ...usual, operations: 10_000, processes: 16, keys: 1, values: 100 }
  },
  {
    name: "a store, 10 keys, 50 clients, 10 k operations with append",
    recipe: {
      ...usual,
      operations: 10_000,
      keys: 10,
      values: 0,
      kinds: ["get", "append", "append", "put"],
      openPercent: 0
    }
  },
  {
    name: "a store, 10 keys, 50 clients, 5 k operations with append, no put",
    recipe: { ...usual, operations: 5_000, keys: 10, values: 0, kinds: ["get", "append"], openPercent: 1 }
  }
]

const { only = "" } = readFlags("node bench/history.ts [--only TEXT]", { only: { type: "string" } })
const chosen = cases.filter(({ name }) => name.includes(only))
if (chosen.length === 0)
  giveUp(`no case has "${only}" in its name:\n${cases.map(({ name }) => name).join("\n")}`)
for (const { name, recipe, options } of chosen) {
  const operations = generate(new Dice(1), recipe)
  const model = recipe.kinds.includes("append") ? kvModel() : registerModel()
  const started = now()
  const partitions = partitionByKey(model, operations)
  if (typeof partitions === "string") throw new Error(partitions)
  const deadline = now() + 15_000
  const { verdict } = checkPartitions(model, partitions, { isTimeUp: () => now() > deadline, ...options })
  const millis = now() - started
  const rate = Math.round((operations.length / millis) * 1_000)
  const memory = Math.round(process.memoryUsage().rss / 1024 / 1024)
  console.log(`${name}: ${verdict}, ${Math.round(millis)} ms, ${rate} operations/s, ${memory} MiB`)
}
