/**
 * The checker against the definition: thousands of small random histories, each with and without every
 * shortcut.
 */
import { describe, expect, it } from "vitest"
import { checkPartitions, partitionByKey } from "../../src/sim/history/check.ts"
import type { Operation } from "../../src/sim/history/operation.ts"
import { kvModel, type RegisterOptions, registerModel } from "../../src/sim/history/register.ts"
import { allShortcuts, type Shortcuts } from "../../src/sim/history/search.ts"
import { bruteForce, Dice, damage, generate, type Recipe } from "./generate.ts"

const noShortcuts: Shortcuts = {
  pureFirst: false,
  symmetry: false,
  needed: false,
  guard: false,
  unnoticed: false
}

const ways: ReadonlyArray<{ readonly shortcuts: Shortcuts; readonly fastPaths: boolean }> = [
  { shortcuts: allShortcuts, fastPaths: true },
  { shortcuts: allShortcuts, fastPaths: false },
  { shortcuts: noShortcuts, fastPaths: false },
  ...(Object.keys(noShortcuts) as Array<keyof Shortcuts>).flatMap((name) => [
    { shortcuts: { ...noShortcuts, [name]: true }, fastPaths: false },
    { shortcuts: { ...allShortcuts, [name]: false }, fastPaths: false }
  ])
]

const verdictOf = (
  name: "register" | "kv",
  options: RegisterOptions,
  operations: ReadonlyArray<Operation>
) => {
  const model = name === "kv" ? kvModel(options) : registerModel(options)
  const partitions = partitionByKey(model, operations)
  if (typeof partitions === "string") throw new Error(partitions)
  const expected = bruteForce(model, operations) ? "linearizable" : "not-linearizable"
  for (const way of ways) {
    const { verdict } = checkPartitions(model, partitions, way)
    if (verdict !== expected) {
      throw new Error(`${verdict}, expected ${expected}: ${JSON.stringify({ way, operations })}`)
    }
  }
  return expected
}

const registerKinds = ["read", "read", "write", "cas"]
const kvKinds = ["get", "get", "put", "append", "delete", "cas"]

const recipes: ReadonlyArray<{
  readonly name: string
  readonly model: "register" | "kv"
  readonly recipe: Recipe
  readonly options?: RegisterOptions
}> = [
  {
    name: "a register with few values",
    model: "register",
    recipe: {
      operations: 7,
      processes: 4,
      keys: 1,
      values: 3,
      kinds: registerKinds,
      openPercent: 20,
      failPercent: 10
    }
  },
  {
    name: "a register whose written values are all new",
    model: "register",
    recipe: {
      operations: 8,
      processes: 4,
      keys: 1,
      values: 0,
      kinds: registerKinds,
      openPercent: 20,
      failPercent: 10
    }
  },
  {
    name: "a register where a failed cas saw another value",
    model: "register",
    recipe: {
      operations: 7,
      processes: 3,
      keys: 1,
      values: 3,
      kinds: registerKinds,
      openPercent: 15,
      failPercent: 0
    },
    options: { failedCas: "observed" }
  },
  {
    name: "a register with many unknown outcomes",
    model: "register",
    recipe: {
      operations: 7,
      processes: 3,
      keys: 1,
      values: 2,
      kinds: registerKinds,
      openPercent: 55,
      failPercent: 5
    }
  },
  {
    name: "a store with few values",
    model: "kv",
    recipe: {
      operations: 7,
      processes: 4,
      keys: 2,
      values: 3,
      kinds: kvKinds,
      openPercent: 20,
      failPercent: 10
    }
  },
  {
    name: "a store that is appended to",
    model: "kv",
    recipe: {
      operations: 7,
      processes: 4,
      keys: 1,
      values: 0,
      kinds: ["get", "append", "put"],
      openPercent: 25,
      failPercent: 5
    }
  },
  {
    name: "answers that carry their version",
    model: "register",
    recipe: {
      operations: 7,
      processes: 4,
      keys: 2,
      values: 3,
      kinds: registerKinds,
      openPercent: 20,
      failPercent: 10,
      versions: true
    }
  }
]

describe("the checker agrees with the definition", () => {
  for (const { name, model, recipe, options } of recipes) {
    it(`on ${name}`, () => {
      let broken = 0
      const rounds = 400
      for (let seed = 1; seed <= rounds; seed++) {
        const dice = new Dice(seed)
        const history = generate(dice, recipe)
        const verdict = verdictOf(model, options ?? {}, history)
        expect(verdict, `seed ${seed} is linearizable by construction`).toBe("linearizable")
        if (verdictOf(model, options ?? {}, damage(dice, history, recipe.values)) === "not-linearizable")
          broken++
      }
      // A test in which nothing ever breaks would prove nothing.
      expect(broken).toBeGreaterThan(rounds / 10)
    })
  }
})
