/** Simulations, described so that the description can be read aloud, and run seed by seed. */
import type { Span } from "./kernel/timed-fault.ts"
import { protocolLaws } from "./laws/all.ts"
import type { Law } from "./laws/laws.ts"
import { expectShare } from "./refuse.ts"
import type { RunOptions, RunResult } from "./runs/result.ts"
import { runSeed } from "./runs/run.ts"
import { knowScopes } from "./scopes.ts"
import { type ClusterShape, expectShape, type SimulationSpec } from "./simulation-spec.ts"
import type { FaultFamily } from "./swarm/swarm.ts"
import type { WorkloadMaker } from "./workload/client.ts"
import type { World } from "./world.ts"

const isTime = (ms: number): boolean => Number.isFinite(ms) && ms >= 0

/** What a function makes that is no promise; one that makes a promise does not fit. */
type AtOnce<Made> = Made extends PromiseLike<unknown> ? never : Made

/**
 * A simulation. Each method returns another one with one thing said about it; `run` runs one seed.
 *
 * @example
 * const registersUnderPartitions = simulate("registers under partitions")
 *   .about("several clients at the same few keys, while the network parts")
 *   .cluster({ acceptors: { min: 3, max: 5 }, masterApart: 0.5 })
 *   .workload(registers)
 *   .faults(messageFaults, partitions)
 *   .chaosFor({ min: 4_000, max: 12_000 })
 *   .recoversWithin(30_000)
 * const { failure } = registersUnderPartitions.run({ seed: 7 })
 */
export class Simulation {
  readonly spec: SimulationSpec

  constructor(spec: SimulationSpec) {
    this.spec = spec
    knowScopes([spec.name, ...spec.reaches, ...spec.families.map(({ name }) => name)])
  }

  get name(): string {
    return this.spec.name
  }

  #with(change: Partial<SimulationSpec>): Simulation {
    return new Simulation({ ...this.spec, ...change })
  }

  /** One sentence for those who choose among simulations. */
  about(about: string): Simulation {
    return this.#with({ about })
  }

  /**
   * Runs a cluster of production nodes, watched by the laws of the protocol. Throws where no cluster can have
   * such a shape, such as of 5 to 3 acceptors.
   */
  cluster(shape: ClusterShape): Simulation {
    expectShape(this.name, shape)
    return this.#with({ cluster: shape, laws: protocolLaws })
  }

  /**
   * Called for each run before anything starts: adds processes of your own, draws what differs from seed to
   * seed. It must not be async: a run waits for no promise, and ends with an error where it gets one.
   */
  setup<Made>(setup: (world: World) => AtOnce<Made>): Simulation {
    return this.#with({ setups: [...this.spec.setups, setup] })
  }

  /** Adds clients that do this. */
  workload(workload: WorkloadMaker): Simulation {
    return this.#with({ workloads: [...this.spec.workloads, workload] })
  }

  /**
   * Adds families of faults; each seed has some of them. Without any, nothing goes wrong. Throws where a
   * `share` is no probability.
   */
  faults(...families: ReadonlyArray<FaultFamily>): Simulation {
    for (const { name, share } of families) expectShare(`faults: the share of "${name}"`, share)
    return this.#with({ families: [...this.spec.families, ...families] })
  }

  /** The laws of the cluster, in place of those of the protocol, `protocolLaws`. */
  laws(...laws: ReadonlyArray<Law>): Simulation {
    return this.#with({ laws })
  }

  /**
   * Demands something of every run, after each of its events: `check` tells what is wrong in the world, or
   * `undefined`. Where it is about what a run has made in `setup`, say `world.invariant(...)` there.
   *
   * @example
   * simulate("restarts").invariant("somebody runs", (world) =>
   *   [...world.processes.values()].some((process) => process.running) ? undefined : "nobody does")
   */
  invariant(name: string, check: (world: World) => string | undefined): Simulation {
    return this.setup((world) => world.invariant(name, () => check(world)))
  }

  /** How long faults strike, in virtual milliseconds. Throws where the span is none, such as 500 to 100. */
  chaosFor(chaosMs: Span): Simulation {
    const { min, max } = chaosMs
    if (!(isTime(min) && isTime(max) && min <= max))
      throw new RangeError(
        `chaosFor: the faults of ${this.name} last from ${min} to ${max} ms: ` +
          "give two numbers from 0 on, `max` no less than `min`"
      )
    return this.#with({ chaosMs })
  }

  /**
   * In how many virtual milliseconds after the faults the system must work again. Throws where it is none.
   */
  recoversWithin(recoverMs: number): Simulation {
    if (!isTime(recoverMs))
      throw new RangeError(
        `recoversWithin: ${this.name} is to work again in ${recoverMs} ms: give a number from 0 on`
      )
    return this.#with({ recoverMs })
  }

  /** Nobody demands that it works again: what is broken may stay broken, but nothing false may be said. */
  withoutRecovery(): Simulation {
    return this.#with({ recoverMs: 0 })
  }

  /** Damage that stops a node for good is part of it: a log that reports corruption is no finding. */
  expectingDamage(): Simulation {
    return this.#with({ expectsDamage: true })
  }

  /**
   * Processes of your own may crash: a defect of one of their actors or fibers is counted in the report, and
   * is no finding. What ends a process has it started again after a while. Nodes of a cluster may not.
   *
   * @example
   * simulate("poisoned messages").expectingDefects().setup((world) => world.addProcess(poisoned))
   */
  expectingDefects(): Simulation {
    return this.#with({ expectsDefects: true })
  }

  /**
   * Demands of its runs what is demanded of simulations, workloads or families of faults of these names: the
   * assertions whose names begin with one of them and a colon.
   */
  reaches(...scopes: ReadonlyArray<string>): Simulation {
    return this.#with({ reaches: [...this.spec.reaches, ...scopes] })
  }

  /**
   * Runs one seed, or one recipe, to its end. Never throws for what the system does; throws a RangeError for
   * options that are none, and an Error where the simulation cannot be set up.
   */
  run(options: RunOptions): RunResult {
    return runSeed(this.spec, options)
  }
}

/** Begins the description of a simulation. */
export const simulate = (name: string): Simulation =>
  new Simulation({
    name,
    about: "",
    cluster: undefined,
    setups: [],
    workloads: [],
    families: [],
    laws: [],
    chaosMs: { min: 5_000, max: 5_000 },
    recoverMs: 30_000,
    expectsDamage: false,
    expectsDefects: false,
    reaches: []
  })
