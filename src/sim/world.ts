/**
 * The simulated world: processes on machines, a bus between them, faults, clients, and everything that
 * watches.
 */
import { Cause, Effect, Exit } from "effect"
import { packetCodec } from "../wire/packet.ts"
import { type AssertionViolated, noteAssertions } from "./assert.ts"
import { Coverage } from "./assert-coverage.ts"
import { SimBus } from "./bus/bus.ts"
import type { BusOptions } from "./bus/settings.ts"
import { Cluster, type ClusterOptions, clusterName } from "./cluster.ts"
import { sound } from "./disk/settings.ts"
import { FaultsBroke, isCutOff, Tolerance } from "./ends.ts"
import type { Defect } from "./kernel/defects.ts"
import { Kernel, type KernelOptions } from "./kernel/kernel.ts"
import type { CountedRandom } from "./kernel/random.ts"
import { type Law, LawBroken } from "./laws/laws.ts"
import { Ledger } from "./oracle/ledger.ts"
import { describePacket } from "./picture/describe.ts"
import { type ProcessOptions, type RebootKind, SimProcess } from "./process.ts"
import { reachesBy } from "./reaches.ts"
import { wrongBy } from "./runs/outcome-text.ts"
import { Disturbance } from "./swarm/buggify.ts"
import { HistoryRecorder } from "./workload/history.ts"
import type { Workload } from "./workload/workload.ts"

/**
 * - `chaos`: faults strike.
 * - `recovery`: they no longer do, and what is broken comes up again.
 * - `over`: clients finish what they have begun.
 */
export type Phase = "chaos" | "recovery" | "over"

/** How much of the workload a run may have; infinite where nobody asked for less. */
interface Bounds {
  /** Clients of each workload. */
  readonly clients: number
  /** Operations of each client. */
  readonly operations: number
}

export interface WorldOptions {
  readonly kernel: Omit<KernelOptions, "afterStep">
  readonly bus?: BusOptions
  readonly bounds?: Bounds
}

export class World {
  readonly kernel: Kernel
  readonly random: CountedRandom
  readonly bus: SimBus
  readonly ledger = new Ledger()
  readonly history: HistoryRecorder
  readonly coverage: Coverage
  readonly disturbance: Disturbance
  readonly processes = new Map<string, SimProcess>()
  readonly clients: Array<SimProcess> = []
  cluster: Cluster | undefined
  phase: Phase = "chaos"
  readonly tolerance = new Tolerance()
  #violation: unknown
  readonly #checks: Array<() => void> = []
  /** How many keep a process down. */
  readonly #held = new Map<string, number>()
  /** Strikes of timed faults so far, by name. */
  readonly struck: Array<string> = []
  readonly workloads: Array<Workload> = []
  readonly bounds: Bounds
  /** Operations that clients have begun, by the client's name. */
  readonly begun = new Map<string, number>()

  constructor(options: WorldOptions) {
    this.bounds = options.bounds ?? {
      clients: Number.POSITIVE_INFINITY,
      operations: Number.POSITIVE_INFINITY
    }
    this.kernel = new Kernel({
      ...options.kernel,
      afterStep: () => this.#afterStep(),
      onUncaught: (node, error) => this.#uncaught(node, error),
      onDefect: (node, defect) => this.#defect(node, defect)
    })
    this.random = this.kernel.random
    this.bus = new SimBus(this.kernel, {
      ...options.bus,
      describe: describePacket(packetCodec(clusterName)),
      onSent: (from, payload) => this.cluster?.sent(from, payload)
    })
    this.history = new HistoryRecorder(() => this.kernel.time.nowMicros)
    this.coverage = new Coverage(this.random, (violation: AssertionViolated) => this.violated(violation))
    this.disturbance = new Disturbance(this)
  }

  /** Ends the run after the task being run, with this as the finding. The first one stays. */
  violated(violation: unknown): void {
    this.#violation ??= violation
    this.kernel.halt(violation)
  }

  #afterStep(): void {
    if (this.#violation !== undefined) return
    const name = this.kernel.ready.lastStrand?.owner.name
    try {
      if (name !== undefined && this.cluster?.processes.has(name) === true) this.cluster.look(name)
      this.cluster?.passed(this.kernel.time.nowMicros)
      for (const check of this.#checks) check()
    } catch (error) {
      this.violated(error)
    }
  }

  /** The process whose task is being run. */
  get acting(): SimProcess {
    return this.processes.get(this.kernel.ready.lastStrand?.owner.name ?? "")!
  }

  /** Has something checked after every task of the run; what it throws ends the run. */
  afterEach(check: () => void): void {
    this.#checks.push(check)
  }

  /**
   * Demands something after every task of the run: `check` tells what is wrong, or `undefined`. What it
   * tells, or throws, ends the run as a finding of this name.
   */
  invariant(name: string, check: () => string | undefined): void {
    this.afterEach(() => {
      const wrong = wrongBy(check)
      if (wrong !== undefined) throw new LawBroken(name, "an invariant", wrong)
    })
  }

  /**
   * Whether a client may begin one more operation, which counts it. A workload that asks before each of them
   * can be made smaller when a failing run is shrunk; a client that may not returns, or only looks on. All
   * lives of a client count together.
   *
   * @example
   * while (world.phase !== "over" && world.mayOperate(name)) yield* operation
   */
  mayOperate(client: string): boolean {
    const begun = this.begun.get(client) ?? 0
    if (begun >= this.bounds.operations) return false
    this.begun.set(client, begun + 1)
    return true
  }

  addProcess(options: Omit<ProcessOptions, "onEnd">): SimProcess {
    const process = new SimProcess(this.kernel, this.bus, {
      ...options,
      onEnd: (ended, exit) => this.#ended(ended, exit)
    })
    this.processes.set(options.name, process)
    return process
  }

  addCluster(options: ClusterOptions, laws: ReadonlyArray<Law>): Cluster {
    const cluster = new Cluster(options, this.ledger, laws, (broken) => this.violated(broken))
    this.cluster = cluster
    const reaches = reachesBy(this.bus, this.processes)
    for (const { oracle } of cluster.groups) oracle.reaches = reaches
    for (const name of cluster.names) {
      const process = this.addProcess({
        name,
        place: options.placeOf(name),
        program: (life) => cluster.program(name, life)
      })
      process.onDown = () => cluster.down(name)
      cluster.processes.set(name, process)
    }
    return cluster
  }

  /** As an operator or a service manager would: what ended with an error is started again. */
  #ended(process: SimProcess, exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isSuccess(exit)) return
    const failure = Cause.squash(exit.cause)
    // A node outlasts a bus that goes away and comes back, also while it starts.
    const outlives = isCutOff(failure) && this.cluster?.processes.has(process.name) !== true
    if (!outlives && !this.#mayHappen(process, failure)) return
    this.startLater(process, this.random.range(50, 1000))
  }

  /** Whether this may go wrong in a process; what may not is the finding of the run. */
  #mayHappen(process: SimProcess, failure: unknown, who?: string): boolean {
    const isNode = this.cluster?.processes.has(process.name) === true
    const broke = this.tolerance.judge({ process: process.name, isNode, who, failure })
    if (broke !== undefined) this.violated(broke)
    return broke === undefined
  }

  /** What an actor or a fiber had, though nothing may have come of it. */
  #defect(node: string, { actor, thrown }: Defect): void {
    const process = this.processes.get(node)
    if (process === undefined) this.violated(new FaultsBroke(thrown))
    else this.#mayHappen(process, thrown, actor === undefined ? "a fiber died" : `the actor ${actor} crashed`)
  }

  /** A process ends of what nobody catches; false: it was no process. */
  #uncaught(node: string, error: unknown): boolean {
    const process = this.processes.get(node)
    if (process === undefined) return false
    if (this.#mayHappen(process, error, "nobody caught")) {
      process.kill("crash")
      this.startLater(process, this.random.range(50, 1000))
    }
    return true
  }

  /** Starts a process after a while, unless something has started it before, or holds it down. */
  startLater(process: SimProcess, afterMs: number): void {
    this.kernel.time.after(this.kernel.worldStrand, afterMs * 1000, () => {
      if (!this.#held.has(process.name)) process.resume()
    })
  }

  /**
   * Takes a process down as `kind` says, and starts it again after `downMs`, `beforeStart` done. One that had
   * returned before stays ended.
   */
  reboot(
    process: SimProcess,
    kind: RebootKind,
    downMs: number,
    beforeStart = (): void => {}
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#held.set(process.name, (this.#held.get(process.name) ?? 0) + 1)
      this.kernel.trace.strike(`reboot-${kind}`, process.name, { downMs })
      const down = kind === "graceful" ? process.stop : Effect.sync(() => process.kill(kind))
      const up = Effect.sync(() => {
        const others = (this.#held.get(process.name) ?? 1) - 1
        if (others > 0) this.#held.set(process.name, others)
        else this.#held.delete(process.name)
        beforeStart()
        if (others === 0) process.resume()
      })
      return Effect.ensuring(Effect.andThen(down, Effect.sleep(downMs)), up)
    })
  }

  /**
   * Ends every fault: the network is whole, disks and processes are sound again. What was destroyed stays
   * destroyed, and what has returned stays ended; what was added and not yet started begins.
   */
  heal(): void {
    this.bus.heal()
    this.#held.clear()
    for (const process of this.processes.values()) {
      process.disk.faults = sound
      process.disk.capacityBytes = Number.POSITIVE_INFINITY
      process.thaw()
      process.resume()
    }
  }

  /**
   * What faults of nodes strike: the nodes of the cluster; without one, all processes but the clients of
   * workloads.
   */
  nodes(): ReadonlyArray<SimProcess> {
    if (this.cluster !== undefined) return [...this.cluster.processes.values()]
    return [...this.processes.values()].filter((process) => !this.clients.includes(process))
  }

  /** Nodes that are not running. */
  downCount(): number {
    let count = 0
    for (const process of this.nodes()) if (!process.running) count++
    return count
  }

  /** What ended the run, or would: the first violation that was noted. */
  get violation(): unknown {
    return this.#violation
  }

  /** Does something with the assertions of this world in force. */
  noting<A>(make: () => A): A {
    noteAssertions(this.coverage)
    try {
      return make()
    } finally {
      noteAssertions(undefined)
    }
  }

  /** Runs a program in this world, with its assertions and its disturbances in force. */
  run<A, E>(program: Effect.Effect<A, E>) {
    return this.noting(() => {
      this.disturbance.begin()
      try {
        return this.kernel.run(program)
      } finally {
        this.disturbance.end()
      }
    })
  }
}
