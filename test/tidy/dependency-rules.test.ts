/** Each dependency rule is seen catching an import that breaks it, and letting through what is allowed. */
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))
const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs")
const configuration = join(root, ".dependency-cruiser.cjs")

interface Violation {
  readonly rule: { readonly name: string }
  readonly from: string
}

/** A made-up file, what it imports, and the rules that must report it; without any, none may. */
type Case = readonly [path: string, imports: ReadonlyArray<string>, ...rules: ReadonlyArray<string>]

const cases: ReadonlyArray<Case> = [
  ["src/protocol/good.ts", ["./ids.ts", "effect/Schema", "effect/Brand"]],
  ["src/protocol/effectful.ts", ["effect"], "protocol-is-pure"],
  ["src/protocol/clocked.ts", ["effect/Clock"], "protocol-is-pure"],
  ["src/protocol/lower.ts", ["../runtime/timers.ts"], "protocol-is-pure"],
  ["src/protocol/builtin.ts", ["node:crypto"], "protocol-is-pure"],
  ["src/protocol/good.test.ts", ["vitest", "node:fs", "../sim/world.ts"]],
  ["src/runtime/timers.ts", ["effect"]],
  ["src/runtime/paxos.ts", ["../protocol/ids.ts"], "runtime-knows-no-paxos"],
  ["src/runtime/outside.ts", ["msgpackr"], "runtime-knows-no-paxos"],
  ["src/runtime/codec.ts", ["msgpackr", "effect"]],
  ["src/runtime/bus/nats.ts", ["nats", "effect"]],
  ["src/runtime/bus/memory.ts", ["nats"], "runtime-knows-no-paxos", "nats-in-one-file"],
  ["src/runtime/storage/files.ts", ["node:fs", "node:fs/promises", "node:path"]],
  ["src/runtime/storage/files-lock.ts", ["node:fs", "node:crypto"]],
  ["src/runtime/storage/files-lock-socket.ts", ["node:fs", "node:net"]],
  ["src/runtime/storage/files-direct.ts", ["node:fs"]],
  ["src/runtime/storage/files-directories.ts", ["node:fs", "node:path"]],
  ["src/runtime/storage/wal.ts", ["node:fs"], "runtime-knows-no-paxos", "file-system-in-one-file"],
  ["src/runtime/checksum.ts", ["node:zlib", "effect"]],
  ["src/runtime/storage/frames.ts", ["node:zlib"], "runtime-knows-no-paxos"],
  ["src/runtime/storage/records.ts", ["node:fs"], "runtime-knows-no-paxos", "file-system-in-one-file"],
  ["src/wire/packet.ts", ["../protocol/ids.ts", "../runtime/codec.ts"]],
  ["src/wire/open.ts", ["../actors/node.ts"], "wire-translates-only"],
  ["src/machines/kv.ts", ["../protocol/learner/machine.ts", "sorted-btree", "./map.ts"]],
  ["src/machines/map.ts", ["effect"], "machines-are-values"],
  ["src/machines/leader.ts", ["../protocol/ids.ts"], "machines-are-values"],
  ["src/actors/node.ts", ["effect", "../protocol/ids.ts", "../wire/packet.ts", "../machines/kv.ts"]],
  ["src/actors/open.ts", ["node:fs"], "actors-join-protocol-and-runtime", "file-system-in-one-file"],
  ["src/actors/bus.ts", ["nats"], "actors-join-protocol-and-runtime", "nats-in-one-file"],
  ["src/actors/up.ts", ["../client/kv.ts"], "actors-join-protocol-and-runtime"],
  ["src/client/kv.ts", ["../protocol/ids.ts", "../wire/packet.ts", "../machines/kv.ts", "effect"]],
  ["src/client/core.ts", ["../protocol/good.ts"], "client-knows-messages-only"],
  ["src/client/node.ts", ["../actors/node.ts"], "client-knows-messages-only"],
  [
    "src/client/simulated.ts",
    ["../sim/world.ts"],
    "client-knows-messages-only",
    "only-tests-cli-and-playground-import-sim"
  ],
  ["src/sim/world.ts", ["../actors/node.ts", "../client/kv.ts", "node:worker_threads"]],
  ["src/sim/command.ts", ["../cli/main.ts"], "sim-imports-no-cli-no-web"],
  ["src/sim/mutants/list.ts", ["../world.ts"]],
  ["src/sim/testing.ts", ["vitest"], "no-test-code-from-src", "only-production-dependencies-from-src"],
  ["src/sim/borrowing.ts", ["../../test/support/server.ts"], "no-test-code-from-src"],
  ["src/sim/unlisted.ts", ["safe-regex"], "listed-dependencies-only"],
  ["src/sim/nowhere.ts", ["./missing.ts"], "no-unresolvable"],
  ["src/sim/chicken.ts", ["./egg.ts"], "no-circles"],
  // A circle is reported once, at the file by which it was entered.
  ["src/sim/egg.ts", ["./chicken.ts"]],
  ["src/sim/lonely.ts", [], "no-orphans"],
  ["src/sim/through-barrel.ts", ["./faults/index.ts"], "no-barrels"],
  ["src/sim/faults/index.ts", ["../world.ts"]],
  ["src/cli/main.ts", ["../sim/world.ts", "node:fs", "../runtime/bus/nats.ts"]],
  ["src/cli/mutate.ts", ["../sim/mutants/list.ts"], "mutants-stay-in-tests"],
  ["src/web/playground.ts", ["../sim/world.ts"]],
  ["src/web/dashboard.ts", ["../sim/world.ts"], "only-tests-cli-and-playground-import-sim"],
  ["src/protocol/ids.ts", ["effect/Brand"]],
  ["src/protocol/learner/machine.ts", ["../ids.ts"]],
  ["test/support/server.ts", ["../../src/cli/main.ts"]]
]

/** The adapters once more, each reaching for another one's library. */
const crossedAdapters: ReadonlyArray<Case> = [
  ["src/runtime/checksum.ts", ["msgpackr"], "runtime-adapter-checksum"],
  ["src/runtime/codec.ts", ["node:zlib"], "runtime-adapter-codec"],
  ["src/runtime/bus/nats.ts", ["msgpackr"], "runtime-adapter-bus-nats"],
  ["src/runtime/storage/files.ts", ["nats"], "runtime-adapter-storage-files", "nats-in-one-file"],
  ["src/runtime/storage/files-lock.ts", ["node:path"], "runtime-adapter-storage-files-lock"],
  ["src/runtime/storage/files-lock-socket.ts", ["node:path"], "runtime-adapter-storage-files-lock-socket"],
  ["src/runtime/storage/files-direct.ts", ["node:path"], "runtime-adapter-storage-files-direct"],
  [
    "src/runtime/storage/files-directories.ts",
    ["nats"],
    "runtime-adapter-storage-files-directories",
    "nats-in-one-file"
  ]
]

/** Writes the files of the cases into an empty directory and runs dependency-cruiser there. */
const cruise = (made: ReadonlyArray<Case>): ReadonlyArray<Violation> => {
  const directory = mkdtempSync(join(tmpdir(), "aplomb-dependencies-"))
  try {
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"))
    copyFileSync(join(root, "package.json"), join(directory, "package.json"))
    for (const [path, imports] of made) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      // Alternately of values, of types and passed on: the rules must see every form.
      const forms = ["import * as a from", "import type * as a from", "export * from", "export type * from"]
      const lines = imports.map((name, index) => `${forms[(index + path.length) % forms.length]} "${name}"\n`)
      writeFileSync(join(directory, path), lines.join(""))
    }
    const options = ["--config", configuration, "--output-type", "json", "src"]
    const run = spawnSync(process.execPath, [cruiser, ...options], {
      cwd: directory,
      encoding: "utf8",
      maxBuffer: 1 << 26
    })
    return JSON.parse(run.stdout).summary.violations
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const rulesBrokenBy = (violations: ReadonlyArray<Violation>, path: string) =>
  [...new Set(violations.filter(({ from }) => from === path).map(({ rule }) => rule.name))].sort()

for (const [title, made] of [
  ["the dependency rules", cases],
  ["an adapter of the runtime", crossedAdapters]
] as const) {
  const violations = cruise(made)
  describe(title, () => {
    for (const [path, imports, ...rules] of made) {
      const verdict = rules.length === 0 ? "allows" : `refuses by ${rules.join(" and ")}`
      it(`${verdict}: ${path} importing ${imports.join(", ") || "nothing"}`, () => {
        expect(rulesBrokenBy(violations, path)).toEqual([...rules].sort())
      })
    }
  })
}

describe("every dependency rule", () => {
  it("is broken by at least one sample", () => {
    const { forbidden } = createRequire(import.meta.url)(configuration) as {
      readonly forbidden: ReadonlyArray<{ readonly name: string }>
    }
    const broken = new Set([...cases, ...crossedAdapters].flatMap(([, , ...rules]) => rules))
    expect(forbidden.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([])
  })
})
