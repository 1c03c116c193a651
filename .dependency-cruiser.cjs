/**
 * Who may import whom: one rule a floor, as in docs/architecture.md.
 *
 * `from` and `to` are patterns of paths. Each floor lists what it MAY import; everything else is refused.
 * test/tidy/dependency-rules.test.ts breaks every rule once and demands that it is reported.
 */

// Tests stand beside their file, and so does what several of them share: x.test.ts, x.test-support.ts.
const unitTest = "\\.test(-support)?\\.ts$"
const effectPackage = "node_modules/effect/"

/** Refuses every import from a floor that is not on its list. Tests beside the code are exempt. */
const floor = (name, { from, fromNot = [], may, why }) => ({
  name,
  comment: why,
  severity: "error",
  from: { path: from, pathNot: [unitTest, ...fromNot] },
  to: { pathNot: may }
})

/** Refuses an outside module everywhere in src but in the files named. */
const onlyIn = (name, { module, files, why }) => ({
  name,
  comment: why,
  severity: "error",
  from: { path: "^src/", pathNot: [unitTest, ...files] },
  to: { path: module }
})

// Each adapter of the runtime may import one thing from outside: the thing that it adapts.
const adapters = {
  "bus/nats": ["node_modules/(nats|@nats-io)/", "^node:tls$"],
  "storage/files": ["^(node:)?fs(/promises)?$", "^(node:)?path$"],
  "storage/files-lock": ["^(node:)?fs(/promises)?$", "^(node:)?crypto$"],
  "storage/files-lock-socket": ["^(node:)?fs$", "^(node:)?net$"],
  "storage/files-direct": ["^(node:)?fs$"],
  "storage/files-directories": ["^(node:)?fs$", "^(node:)?path$"],
  checksum: ["^(node:)?zlib$"],
  codec: ["node_modules/msgpackr/"]
}

const adapterFiles = Object.keys(adapters).map((name) => `^src/runtime/${name}\\.ts$`)
const runtimeMay = ["^src/runtime/", effectPackage]

module.exports = {
  forbidden: [
    floor("protocol-is-pure", {
      from: "^src/protocol/",
      may: ["^src/protocol/", "node_modules/effect/dist/(Schema|Brand)\\.(js|d\\.ts)$"],
      why: "The protocol is values in, values out; of Effect only Schema and Brand, for ids and messages."
    }),
    floor("runtime-knows-no-paxos", {
      from: "^src/runtime/",
      fromNot: adapterFiles,
      may: runtimeMay,
      why: "The runtime knows actors, time and bytes; outside libraries enter through one adapter file each."
    }),
    ...Object.entries(adapters).map(([name, modules]) =>
      floor(`runtime-adapter-${name.replace("/", "-")}`, {
        from: `^src/runtime/${name}\\.ts$`,
        may: [...runtimeMay, ...modules],
        why: "An adapter imports the one outside library that it adapts."
      })
    ),
    floor("wire-translates-only", {
      from: "^src/wire/",
      may: ["^src/(wire|protocol|runtime)/", effectPackage],
      why: "The wire turns the protocol's messages into the bus's bytes and back, for nodes and clients alike."
    }),
    floor("machines-are-values", {
      from: "^src/machines/",
      may: ["^src/machines/", "^src/protocol/learner/machine\\.ts$", "node_modules/sorted-btree/"],
      why: "Machines run inside the log on every replica: no clock, no randomness, no I/O, no Effect."
    }),
    floor("actors-join-protocol-and-runtime", {
      from: "^src/actors/",
      may: ["^src/(actors|protocol|runtime|machines|wire)/", effectPackage],
      why: "A role interprets a protocol core with the runtime's actors; it reaches the world through ports."
    }),
    floor("client-knows-messages-only", {
      from: "^src/client/",
      may: [
        "^src/client/",
        "^src/protocol/(ids|messages|log/entry|learner/machine|learner/number-table)\\.ts$",
        "^src/(runtime|wire|machines)/",
        effectPackage
      ],
      why: "A client writes entries and messages for a machine; the cores that decide over them stay with the nodes."
    }),
    {
      name: "only-tests-cli-and-playground-import-sim",
      comment: "The simulator must never run in production, so what ships cannot depend on it.",
      severity: "error",
      from: { path: "^src/", pathNot: [unitTest, "^src/(sim|cli)/", "^src/web/playground"] },
      to: { path: "^src/sim/" }
    },
    {
      name: "sim-imports-no-cli-no-web",
      comment: "The simulator is a library; commands and pages stand above it.",
      severity: "error",
      from: { path: "^src/sim/", pathNot: [unitTest] },
      to: { path: "^src/(cli|web)/" }
    },
    {
      name: "mutants-stay-in-tests",
      comment: "Seeded bugs are loaded by tests and the campaign alone.",
      severity: "error",
      from: { path: "^src/(cli|web)/", pathNot: [unitTest] },
      to: { path: "^src/sim/mutants/" }
    },
    onlyIn("nats-in-one-file", {
      module: "node_modules/(nats|@nats-io)/",
      files: ["^src/runtime/bus/nats\\.ts$"],
      why: "The bus is a port: NATS can be replaced, and is replaced in simulation."
    }),
    onlyIn("file-system-in-one-file", {
      module: "^(node:)?fs(/promises)?$",
      files: ["^src/runtime/storage/files(-lock|-lock-socket|-direct|-directories)?\\.ts$", "^src/cli/"],
      why: "Storage is a port: the simulator damages what goes through it, and only that."
    }),
    {
      name: "no-test-code-from-src",
      comment: "What ships cannot depend on what does not.",
      severity: "error",
      from: { path: "^src/", pathNot: [unitTest] },
      to: {
        path: ["^(test|bench|examples|scripts)/", unitTest, "node_modules/(vitest|@vitest|@effect/vitest)/"]
      }
    },
    {
      name: "only-production-dependencies-from-src",
      comment: "A user's install has no development dependencies.",
      severity: "error",
      from: { path: "^src/", pathNot: [unitTest] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm-peer"] }
    },
    {
      name: "listed-dependencies-only",
      comment: "An import must be in package.json, or it works here by chance.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] }
    },
    {
      name: "no-unresolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: ["^aplomb(/|$)"] }
    },
    {
      name: "no-circles",
      comment: "Modules that need each other are one module.",
      severity: "error",
      from: { path: "^(src|test|bench|examples)/" },
      to: { circular: true }
    },
    {
      name: "no-orphans",
      comment: "Nothing imports it and it imports nothing: it is dead or not wired up.",
      severity: "error",
      from: { orphan: true, path: "^src/" },
      to: {}
    },
    {
      name: "no-barrels",
      comment: "Import from the file that defines the thing: barrels hide circles and slow every tool.",
      severity: "error",
      from: {},
      to: { path: "/index\\.ts$", pathNot: "node_modules/" }
    }
  ],
  options: {
    // TypeScript 7 offers no parser to other programs; swc reads .ts files with their type-only imports.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"]
    }
  }
}
