/** Two groups of tests: unit (no network, no real time), e2e (real servers and processes, one at a time). */
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import tsconfig from "./tsconfig.json" with { type: "json" }

/** Files that were run just now, and need not be run again: words of a variable of the environment. */
const done = (process.env["APLOMB_TESTS_DONE"] ?? "").split(/\s+/).filter((file) => file !== "")
const slow = ["test/e2e/**/*.test.ts", "test/package.test.ts"]

// Examples import `aplomb/...` as users do; here that means the sources, so that no build is needed.
const alias = Object.entries(tsconfig.compilerOptions.paths).map(([name, [source]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(source as string, import.meta.url))
}))

export default defineConfig({
  resolve: { alias },
  test: {
    // Workers beyond the cores only make tests of time limits flaky.
    maxWorkers: Math.max(1, Math.min(4, availableParallelism())),
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: [...slow, ...done],
          // Ends what hangs, and nothing else: a busy machine takes its time.
          testTimeout: 300_000,
          hookTimeout: 300_000
        }
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: slow,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000
        }
      }
    ]
  }
})
