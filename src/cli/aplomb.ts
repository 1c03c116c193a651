/** The command line as a whole: every command, and how they all end. */
import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import * as NodeRuntime from "@effect/platform-node-shared/NodeRuntime"
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio"
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal"
import { Effect, Exit, Layer } from "effect"
import { CliOutput, Command } from "effect/cli"
import { benchCommand } from "./bench/bench.ts"
import { checkHistoryCommand } from "./check-history.ts"
import { devCommand } from "./dev/dev.ts"
import { exitCodes, verdictOf } from "./failure.ts"
import { kvCommand } from "./kv/kv.ts"
import { logCommand } from "./log.ts"
import { masterCommand } from "./master.ts"
import { nodeCommand } from "./node.ts"
import { drainCommand, replaceCommand, transferCommand, undrainCommand } from "./operate.ts"
import { printError, printErrorUnsafe, tolerateClosedOutput } from "./output.ts"
import { packageVersion } from "./package.ts"
import { Process, thisProcess } from "./process.ts"
import { simCommand } from "./sim/sim.ts"
import { statusCommand } from "./status.ts"

/** The words of a problem as one sentence: suggestions come on lines of their own. */
const sentenceOf = (message: string): string =>
  message
    .trim()
    .replace(/\s+Did you mean this\?\s+/, ", did you mean: ")
    .replace(/\s+/g, " ")

/** Wrong usage is answered by what is wrong, where errors go; the help is for those who ask for it. */
const presenter = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const problems = event.errors.map(({ message }) => sentenceOf(message))
    return printError(`aplomb: ${problems.join("; ")} (see ${event.commandPath.join(" ")} --help)`)
  }
})

const services = NodeChildProcessSpawner.layer.pipe(
  Layer.provideMerge(
    Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, NodeStdio.layer, NodeTerminal.layer, presenter)
  )
)

const aplomb = Command.make("aplomb").pipe(
  Command.withDescription("A coordination layer: replicated logs by Vertical Paxos II over NATS"),
  Command.withSubcommands([
    benchCommand,
    checkHistoryCommand,
    devCommand,
    drainCommand,
    kvCommand,
    logCommand,
    masterCommand,
    nodeCommand,
    replaceCommand,
    simCommand,
    statusCommand,
    transferCommand,
    undrainCommand
  ])
)

/** Runs the command that the arguments of this process name, and ends the process with its exit code. */
export const runCommandLine = (): void => {
  const around = thisProcess(exitCodes.interrupted)
  tolerateClosedOutput(around.outputClosed)
  const program = Command.run(aplomb, { version: packageVersion() }).pipe(
    Effect.provideService(Process, around),
    Effect.provide(services)
  )
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      if (Exit.isSuccess(exit)) return onExit(around.finishedExitCode())
      const { text, exitCode } = verdictOf(exit.cause)
      if (text !== undefined) printErrorUnsafe(text)
      if (exitCode === exitCodes.interrupted) return onExit(around.interruptedExitCode())
      onExit(exitCode || around.finishedExitCode())
    }
  })
}
