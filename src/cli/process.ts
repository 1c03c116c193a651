/** The process around a command: how it ends when it is interrupted, and what it outlives. */
import { Context } from "effect"
import { exitCodes } from "./failure.ts"
import { printErrorUnsafe } from "./output.ts"

/** Levers on the process that a command runs in. */
export interface ProcessShape {
  /**
   * From now on this is a server: SIGINT and SIGTERM are the way to stop it, exit code 0, and it goes on
   * without a reader.
   */
  readonly stopsWell: () => void
  /**
   * From now on it computes, or waits in the system, without a pause in which it could hear a signal: SIGINT
   * and SIGTERM end it at once. Not even an exit of its own ends a process that waits to open a pipe.
   */
  readonly hearsNothing: () => void
  /** From now on a rejected promise that nobody waits for is told and survived. */
  readonly survivesRejections: (say: (line: string) => void) => void
  /**
   * From now on it does nothing but print, and may have much to print: where nobody reads it any more, it is
   * done. Other commands go on to their end, whose exit code tells what came of them.
   */
  readonly onlyPrints: () => void
  /** From now on an output that cannot be written is a failure of this exit code. */
  readonly failsUnprinted: (exitCode: number) => void
  /** The exit code of a command that is interrupted. */
  readonly interruptedExitCode: () => number
  /** The exit code of a command that has come to its end without a failure of its own. */
  readonly finishedExitCode: () => number
  /**
   * Nobody reads stdout any more, as with `| head`. With a failure, as of a full disk, what was to be printed
   * is lost, and the command says so and has failed.
   */
  readonly outputClosed: (failure: string | undefined) => void
}

export class Process extends Context.Service<Process, ProcessShape>()("aplomb/cli/Process") {}

/** The levers of this very process. */
export const thisProcess = (interruptedExitCode: number): ProcessShape => {
  let exitCode = interruptedExitCode
  let isServer = false
  let isPrinter = false
  let finishedCode = 0
  let unprintedCode: number = exitCodes.no
  return {
    stopsWell: () => {
      exitCode = 0
      isServer = true
    },
    onlyPrints: () => {
      isPrinter = true
    },
    failsUnprinted: (exitCode) => {
      unprintedCode = exitCode
    },
    hearsNothing: () => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal)
    },
    survivesRejections: (say) => {
      process.on("unhandledRejection", (reason) => {
        say(`a promise was rejected and nobody waited: ${reason instanceof Error ? reason.stack : reason}`)
      })
    },
    interruptedExitCode: () => exitCode,
    finishedExitCode: () => finishedCode,
    outputClosed: (failure) => {
      if (isServer) return
      if (failure !== undefined) {
        printErrorUnsafe(`aplomb: ${failure}`)
        finishedCode = unprintedCode
        // For what is heard of after the end, such as of the help.
        process.exitCode = unprintedCode
      }
      if (isPrinter) process.exit(finishedCode)
    }
  }
}
