/**
 * Three groups of tests: unit (no network, no real time), e2e (real servers and processes, one at a time),
 * and e2e-pairs, of which two run at a time: they wait for what happens, not for how soon it does.
 */
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import tsconfig from "./tsconfig.json" with { type: "json" }

/** Files that were run just now, and need not be run again: words of a variable of the environment. */
const done = (process.env["APLOMB_TESTS_DONE"] ?? "").split(/\s+/).filter((file) => file !== "")
const slow = ["test/e2e/**/*.test.ts", "test/package.test.ts"]
/**
 * They wait for processes most of their time, and none of them has a limit that a busy machine comes near.
 */
const pairs = [
  ...["cli-connect", "cli-dev", "cli-kv", "cli-log", "examples", "bus-nats", "master-copies"],
  ...["storage-damage", "storage-full", "storage-learner", "storage-snapshots", "load-words", "faults-loss"]
]
const inPairs = [...pairs.map((name) => `test/e2e/${name}.test.ts`), "test/package.test.ts"]
const limits = { testTimeout: 120_000, hookTimeout: 120_000 }

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
    // Programs that tests start are compiled once, beside the system's temporary files as the command's own
    // are.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: [...slow, ...done],
          // A third of the time was new processes that load Effect. Our own modules are loaded anew for each
          // file.
          isolate: false,
          setupFiles: ["test/support/anew.ts"],
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
          exclude: inPairs,
          fileParallelism: false,
          ...limits
        }
      },
      {
        extends: true,
        test: {
          name: "e2e-pairs",
          include: inPairs,
          maxWorkers: 2,
          // After the unit tests, before those that want the machine for themselves.
          sequence: { groupOrder: 1 },
          ...limits
        }
      }
    ]
  }
})
