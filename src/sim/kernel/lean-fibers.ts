/**
 * To be imported first by threads that only simulate: their fibers keep no asynchronous context of Node.
 *
 * A run is synchronous, so nothing in it asks for such a context, and to capture one at every suspension of
 * every fiber takes a tenth of its time. Runs are the same, to the last bit, with and without.
 */

const { process } = globalThis
const getBuiltinModule = process.getBuiltinModule

// Effect looks for the class of these contexts once, where it is loaded.
process.getBuiltinModule = ((name: string) =>
  name === "node:async_hooks" ? undefined : getBuiltinModule(name)) as typeof getBuiltinModule
await import("effect")
process.getBuiltinModule = getBuiltinModule
