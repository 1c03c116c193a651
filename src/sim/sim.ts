/**
 * What users import as `aplomb/sim`: deterministic simulations of clusters, of actors, of anything over the
 * bus and files.
 */
export {
  AssertionViolated,
  always,
  alwaysOrUnreachable,
  type Check,
  reachable,
  sometimes,
  sometimesAll,
  sometimesEach,
  unreachable,
  watermark
} from "./assert.ts"
export { type ExploreOptions, type ExploreReport, explore } from "./explore/explore.ts"
export { type ExploredRuns, exploreRuns } from "./explore/explore-run.ts"
export {
  checkHistory,
  type HistoryOptions,
  type HistoryReport,
  type HistoryVerdict
} from "./history/command.ts"
export { ignored, type Model, refused } from "./history/model.ts"
export type { Json, Key, Operation } from "./history/operation.ts"
export { kvModel, type RegisterOptions, registerModel } from "./history/register.ts"
export { formatRecipe, parseRecipe, type Recipe } from "./kernel/random.ts"
export { type Span, type TimedFault, timedFault } from "./kernel/timed-fault.ts"
export { protocolLaws } from "./laws/all.ts"
export { type Facts, type Law, type LawWatch, law, type WatchedGroup } from "./laws/laws.ts"
export { type PictureOptions, pictureOf } from "./picture/page.ts"
export type { Program, RebootKind, SimProcess } from "./process.ts"
export { type CampaignReport, reportLines } from "./runs/report.ts"
export type { RunFailure, RunOptions, RunResult } from "./runs/result.ts"
export { type CampaignOptions, runSeeds } from "./runs/run-seeds.ts"
export { type KnownSeed, parseSeeds, recipesOf, type StopRule } from "./runs/seeds.ts"
export { scenarioNamed, scenarios } from "./scenarios/named.ts"
export { formatRepro, parseRepro, type Repro } from "./shrink/repro.ts"
export type { Case, Shrunk } from "./shrink/shrink.ts"
export { runCase, shrinkRun } from "./shrink/shrink-run.ts"
export { type Simulation, simulate } from "./simulation.ts"
export type { ClusterShape } from "./simulation-spec.ts"
export { outages, restartStorms, restarts, wipes } from "./swarm/attrition.ts"
export { failedChanges, failedWrites, fullDisks, slowDisks } from "./swarm/disk.ts"
export { faultyDisk } from "./swarm/faulty-disk.ts"
export { killsInWrites } from "./swarm/kills-in-writes.ts"
export { busRestarts, disconnects, messageFaults, partitions, slowConsumers } from "./swarm/network.ts"
export { buggified, candidacies, clientCrashes, clockFaults, crashPoints, pauses } from "./swarm/process.ts"
export type { FaultFamily } from "./swarm/swarm.ts"
export type { TraceEntry } from "./trace/trace.ts"
export { type DeclareTest, SimulationFailed, type SimulationTestOptions, simulationTests } from "./vitest.ts"
export { ledgerClient, type WorkloadMaker } from "./workload/client.ts"
export { type CommandsOptions, commands } from "./workload/commands.ts"
export { registers } from "./workload/registers.ts"
export type { Workload } from "./workload/workload.ts"
export type { World } from "./world.ts"
