/** `aplomb sim`: the simulator on the command line. */
import { Command } from "effect/cli"
import { simDeterminismCommand } from "./determinism.ts"
import { simDigestsCommand } from "./digests.ts"
import { simDrawsCommand } from "./draws.ts"
import { simExploreCommand } from "./explore.ts"
import { simListCommand } from "./list.ts"
import { mutantsCommand } from "./mutants.ts"
import { simReplayCommand } from "./replay.ts"
import { simRunCommand } from "./run.ts"
import { simSearchCommand } from "./search.ts"
import { simReproCommand, simShrinkCommand } from "./shrink.ts"

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
