/** `aplomb sim`: the simulator on the command line. */
import { Command } from "effect/cli"
import { simDeterminismCommand } from "./sim-determinism.ts"
import { simDigestsCommand } from "./sim-digests.ts"
import { simDrawsCommand } from "./sim-draws.ts"
import { simExploreCommand } from "./sim-explore.ts"
import { simListCommand } from "./sim-list.ts"
import { mutantsCommand } from "./sim-mutants.ts"
import { simReplayCommand } from "./sim-replay.ts"
import { simRunCommand } from "./sim-run.ts"
import { simSearchCommand } from "./sim-search.ts"
import { simReproCommand, simShrinkCommand } from "./sim-shrink.ts"

export const simCommand = Command.make("sim").pipe(
  Command.withDescription(
    "Run clusters in a deterministic simulation: every seed is another run, and the same one again"
  ),
  Command.withSubcommands([
    simListCommand,
    simRunCommand,
    simReplayCommand,
    simExploreCommand,
    simShrinkCommand,
    simReproCommand,
    simSearchCommand,
    mutantsCommand,
    simDeterminismCommand,
    simDigestsCommand,
    simDrawsCommand
  ])
)
