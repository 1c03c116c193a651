/**
 * A queue of jobs for workers on several machines: leases by the time of the log, a fencing token for each,
 * another attempt where a worker is gone. Run it beside a NATS server (`nats-server`, or that of `aplomb
 * dev`):
 * `tsx examples/job-queue.ts`. APLOMB_SERVERS names another one.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Connection, connect, defineMachine, Indeterminate, type PromiseGroup } from "aplomb"
import { natsBusLayer } from "aplomb/bus/nats"
import { filesLayer } from "aplomb/files"
import { nodeConfig, runNode } from "aplomb/node"
import { Effect, Schema } from "effect"

const Job = Schema.Struct({
  id: Schema.String,
  work: Schema.String,
  attempts: Schema.Int,
  /** Slot of the command that handed it out last, 0 where none has: a later attempt has a larger one. */
  token: Schema.Int,
  /** In the time of the log, in milliseconds; until then nobody else is given the job. */
  leasedUntilMs: Schema.Number
})
export type Job = typeof Job.Type

const Command = Schema.Union([
  Schema.TaggedStruct("Add", { id: Schema.String, work: Schema.String }),
  Schema.TaggedStruct("Take", { leaseMs: Schema.Int }),
  Schema.TaggedStruct("Renew", { id: Schema.String, token: Schema.Int, leaseMs: Schema.Int }),
  Schema.TaggedStruct("Finish", { id: Schema.String, token: Schema.Int })
])
type Command = typeof Command.Type

/** `done` says whether the command did anything; the job is that of a Take. */
const Reply = Schema.Struct({ done: Schema.Boolean, job: Schema.NullOr(Job) })
type Reply = typeof Reply.Type

const State = Schema.Struct({
  /** In the order in which they were added. */
  jobs: Schema.Array(Job),
  /** Names of those that are finished: to add one of them again does nothing. */
  finished: Schema.Array(Schema.String)
})
type State = typeof State.Type

const changed = (state: State, job: Job): State => ({
  ...state,
  jobs: state.jobs.map((other) => (other.id === job.id ? job : other))
})

const nothing: Reply = { done: false, job: null }
const done: Reply = { done: true, job: null }

/**
 * Runs on every replica, so it asks no clock: `atMs` is the time of the log, the same everywhere, and `slot`
 * the place of the command in it, which only grows.
 */
export const jobQueue = defineMachine({
  name: "jobs",
  state: State,
  command: Command,
  reply: Reply,
  question: Schema.Null,
  answer: Schema.Array(Job),
  initial: (): State => ({ jobs: [], finished: [] }),
  apply: (state, command, { slot, atMs }) => {
    if (command._tag === "Add") {
      const { id, work } = command
      const isKnown = state.finished.includes(id) || state.jobs.some((job) => job.id === id)
      const job: Job = { id, work, attempts: 0, token: 0, leasedUntilMs: 0 }
      return isKnown ? [state, nothing] : [{ ...state, jobs: [...state.jobs, job] }, done]
    }
    if (command._tag === "Take") {
      const free = state.jobs.find((job) => job.leasedUntilMs <= atMs)
      if (free === undefined) return [state, nothing]
      const { attempts } = free
      const job = { ...free, attempts: attempts + 1, token: slot, leasedUntilMs: atMs + command.leaseMs }
      return [changed(state, job), { done: true, job }]
    }
    // Who comes with an older token has lost the job to somebody else. One that nobody else took is still
    // his.
    const held = state.jobs.find((job) => job.id === command.id && job.token === command.token)
    if (held === undefined) return [state, nothing]
    if (command._tag === "Renew")
      return [changed(state, { ...held, leasedUntilMs: atMs + command.leaseMs }), done]
    const jobs = state.jobs.filter((job) => job !== held)
    return [{ jobs, finished: [...state.finished, held.id] }, done]
  },
  ask: (state) => state.jobs
})

type Queue = PromiseGroup<Command, Reply, null, ReadonlyArray<Job>>

/**
 * Takes effect once, however often the client has to send it: its session sees to that. Where the time runs
 * out with the outcome open, only the caller can try again, and what it does then is a new command: so the
 * producer gives each job its name, and the machine knows the name again.
 */
const add = async (queue: Queue, id: string, work: string): Promise<boolean> => {
  for (;;) {
    try {
      return (await queue.submit({ _tag: "Add", id, work })).reply.done
    } catch (error) {
      if (!(error instanceof Indeterminate)) throw error
    }
  }
}

const take = async (queue: Queue, leaseMs: number): Promise<Job | null> =>
  (await queue.submit({ _tag: "Take", leaseMs })).reply.job

const finish = async (queue: Queue, { id, token }: Job): Promise<boolean> =>
  (await queue.submit({ _tag: "Finish", id, token })).reply.done

/**
 * What the work is done to: a file server, a database. A worker that stood still cannot know that its lease
 * is over, so no lease keeps it from writing; this does, by refusing tokens that are older than one it saw.
 */
class Ledger {
  readonly #written = new Map<string, number>()

  write({ id, token }: Job): boolean {
    if (token < (this.#written.get(id) ?? 0)) return false
    this.#written.set(id, token)
    return true
  }
}

/** Two workers: one stops in the midst of its work for longer than its lease, the other one goes on. */
const session = async (slow: Queue, quick: Queue): Promise<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  const ledger = new Ledger()
  for (const id of ["a", "b", "a"]) {
    lines.push(`${id} ${(await add(quick, id, "copy a file")) ? "was added" : "is there already"}`)
  }
  const stuck = (await take(slow, 300))!
  lines.push(`the slow worker has ${stuck.id}, and stands still`)
  while ((await quick.ask(null)).length > 0) {
    const job = await take(quick, 60_000)
    if (job === null) await Effect.runPromise(Effect.sleep(20))
    else if (ledger.write(job) && (await finish(quick, job))) {
      lines.push(`the quick worker has done ${job.id} at attempt ${job.attempts}`)
    }
  }
  lines.push(`the slow worker goes on; the ledger takes its write: ${ledger.write(stuck)}`)
  lines.push(`and the queue its report: ${await finish(slow, stuck)}`)
  return lines
}

const cluster = "jobs-example"
const nodes = ["n1", "n2", "n3"]
const groups = [{ name: "jobs", machine: "jobs", acceptors: nodes }]

/**
 * A node that knows the machine, until it is interrupted or fails; here all three are in this process. On
 * machines of their own, each program runs one.
 */
const node = (name: string, data: string, servers: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const settings = { cluster, node: name, nodes, data, groups, servers, segmentBytes: 2 ** 20 }
    const config = yield* nodeConfig(settings)
    const running = yield* runNode({ config, machines: [jobQueue], pid: process.pid })
    return yield* running.failure
  }).pipe(
    Effect.scoped,
    Effect.provide([natsBusLayer({ servers, name, firstConnectTimeoutMs: 5000 }), filesLayer()])
  )

const main = async (servers: ReadonlyArray<string>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), "aplomb-jobs-"))
  const stop = new AbortController()
  const all = nodes.map((name) => node(name, join(directory, name), servers))
  const running = Effect.runPromise(Effect.all(all, { concurrency: "unbounded" }), { signal: stop.signal })
  running.catch(() => {}) // Who connects fails as well, and says it better.
  let aplomb: Connection | undefined
  try {
    aplomb = await connect({ servers, cluster })
    // Each call of `group` is a client with a session of its own, as two processes would have.
    const [slow, quick] = [aplomb.group(jobQueue, "jobs"), aplomb.group(jobQueue, "jobs")]
    const lines = await Promise.race([session(slow, quick), running])
    console.log(lines.join("\n"))
  } finally {
    await aplomb?.close()
    stop.abort()
    await Promise.allSettled([running])
    await rm(directory, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main((process.env["APLOMB_SERVERS"] ?? "127.0.0.1:4222").split(","))
}
