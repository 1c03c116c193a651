/** Two groups of tests: unit (no network, no real time), e2e (real servers and processes, one at a time). */
import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

const slow = ["test/e2e/**/*.test.ts", "test/package.test.ts"]

export default defineConfig({
  test: {
    // Workers beyond the cores only make tests of time limits flaky.
    maxWorkers: Math.max(1, Math.min(4, availableParallelism())),
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: slow,
          testTimeout: 20_000
        }
      },
      {
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
