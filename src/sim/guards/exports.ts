/** What Node's modules export that a run may not use: real time, randomness, files, sockets, threads. */

const timers = ["setTimeout", "setInterval", "setImmediate"]

/** Exported functions that are refused whatever they are given, by module. */
export const refusedExports: Readonly<Record<string, ReadonlyArray<string>>> = {
  "node:timers": timers,
  "node:timers/promises": timers,
  "node:crypto": [
    "randomBytes",
    "randomFillSync",
    "randomInt",
    "randomUUID",
    "randomUUIDv7",
    "pseudoRandomBytes",
    "prng",
    "rng",
    "generateKeySync",
    "generateKeyPairSync",
    "generatePrimeSync",
    "publicEncrypt",
    "encapsulate"
  ],
  "node:fs": [
    "createReadStream",
    "createWriteStream",
    "watch",
    "watchFile",
    "mkdtempSync",
    "mkdtempDisposableSync"
  ],
  "node:os": ["uptime", "loadavg", "freemem", "cpus"],
  "node:v8": ["getHeapStatistics", "getHeapSpaceStatistics"],
  "node:perf_hooks": ["eventLoopUtilization", "monitorEventLoopDelay"],
  "node:dgram": ["createSocket"],
  "node:child_process": ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"],
  "node:dns": [
    "lookup",
    "lookupService",
    "resolve",
    "resolve4",
    "resolve6",
    "resolveAny",
    "resolveCaa",
    "resolveCname",
    "resolveMx",
    "resolveNaptr",
    "resolveNs",
    "resolvePtr",
    "resolveSoa",
    "resolveSrv",
    "resolveTlsa",
    "resolveTxt",
    "reverse"
  ]
}

/**
 * Modules in which what `xSync` does at once `x` does later, by a callback from another thread. To read or
 * write at once stays allowed: a stack trace with source maps does, and a module that is loaded late.
 */
export const modulesWithCallbacks: ReadonlyArray<string> = ["node:fs", "node:crypto", "node:zlib"]

/** Exported functions that answer at once, and later where the last that they are given is a function. */
export const laterWithCallback: Readonly<Record<string, ReadonlyArray<string>>> = {
  "node:crypto": ["sign", "verify", "diffieHellman", "decapsulate"]
}

/** Methods that are refused, by module and class. */
export const refusedMethods: ReadonlyArray<readonly [module: string, of: string, method: string]> = [
  ["node:crypto", "DiffieHellman", "generateKeys"],
  ["node:crypto", "DiffieHellmanGroup", "generateKeys"],
  ["node:crypto", "ECDH", "generateKeys"],
  ["node:net", "Socket", "connect"],
  ["node:net", "Server", "listen"],
  ["node:perf_hooks", "Performance", "mark"],
  ["node:perf_hooks", "Performance", "measure"],
  ["node:perf_hooks", "Performance", "toJSON"],
  ["node:perf_hooks", "Performance", "eventLoopUtilization"]
]

/** Classes of which a run may make no instance, by module; those that are globals as well are the same. */
export const refusedClasses: Readonly<Record<string, ReadonlyArray<string>>> = {
  "node:worker_threads": ["Worker", "MessageChannel", "BroadcastChannel"]
}

/** Functions of `process`; those with a dot are properties of functions. */
export const refusedOfProcess: ReadonlyArray<string> = [
  "hrtime.bigint",
  "hrtime",
  "uptime",
  "cpuUsage",
  "threadCpuUsage",
  "resourceUsage",
  "memoryUsage.rss",
  "memoryUsage",
  "availableMemory"
]
