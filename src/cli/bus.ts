/** The bus of a command: connected within seconds, or a sentence that says what to do. */
import { Effect, Layer, type Scope } from "effect"
import { natsBus } from "../runtime/bus/nats.ts"
import type { BadBusOptions } from "../runtime/bus/nats-options.ts"
import type { BusProblem } from "../runtime/bus/observe.ts"
import { Bus, type BusShape } from "../runtime/bus/port.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { printErrorUnsafe } from "./output.ts"

export interface BusChoice {
  readonly servers: ReadonlyArray<string>
  /** Shown by the server's monitoring. */
  readonly name: string
  /** How long to wait for a server, in milliseconds; Infinity waits for ever. */
  readonly waitMs: number
  /** Whether troubles of the connection are told on stderr. */
  readonly talks?: boolean
}

/** A bus that is not there now will rarely be there in ten seconds. */
const clientWaitMaxMs = 3000

/** How long a command that may take `timeoutMs` waits for the bus. */
export const busWaitMs = (timeoutMs: number): number => Math.min(timeoutMs, clientWaitMaxMs)

/** No node answered a survey: nothing is known but for how long it was waited. */
export const noNode = (cluster: string, servers: ReadonlyArray<string>, waitedMs: number) => {
  const where = `no node of the cluster "${cluster}" answers on the bus at ${servers.join(", ")}`
  const advice = "give a longer --timeout, or another --cluster or --servers"
  return new CommandFailed({
    reason: `${where} within ${waitedMs} ms; ${advice}`,
    exitCode: exitCodes.unavailable
  })
}

const noBus = (servers: ReadonlyArray<string>): string =>
  `no bus at ${servers.join(", ")}; start one with scripts/start or give --servers`

/** Where nobody refused either: a bus may well be there. */
const noAnswer = (servers: ReadonlyArray<string>, waitedMs: number): string =>
  `nobody answered at ${servers.join(", ")} within ${waitedMs} ms; give a longer --timeout or other --servers`

/** A bus that is there answers within this, however slow the way to it; before, it is too early to know. */
const hurriedMaxMs = 2000

const silentWaitMs = 1000

/** Somebody who waits for a bus that is not there shall know what for. */
const tellWaiting = (servers: ReadonlyArray<string>): Effect.Effect<never> =>
  Effect.sleep(silentWaitMs).pipe(
    Effect.andThen(
      Effect.sync(() => printErrorUnsafe(`no bus at ${servers.join(", ")} yet; waiting for it`))
    ),
    Effect.andThen(Effect.never)
  )

/** Connects until the scope closes. */
export const connectBus = (
  choice: BusChoice
): Effect.Effect<BusShape, CommandFailed | BadBusOptions, Scope.Scope> => {
  const { servers, name, waitMs, talks } = choice
  // While nobody has answered yet, one sentence at the end says it all.
  let connected = false
  let refused = false
  const onProblem = (problem: BusProblem) => {
    refused = true
    if (talks === true && connected) printErrorUnsafe(problem.message)
  }
  const limit = Number.isFinite(waitMs) ? { firstConnectTimeoutMs: waitMs } : {}
  const connecting = natsBus({ servers, name, onProblem, ...limit })
  return (talks === true ? Effect.raceFirst(connecting, tellWaiting(servers)) : connecting).pipe(
    Effect.tap(() =>
      Effect.sync(() => {
        connected = true
      })
    ),
    Effect.mapError((error) => {
      if (error._tag === "BadBusOptions") return error
      const hurried = !refused && waitMs < hurriedMaxMs
      const unavailable = hurried ? noAnswer(servers, waitMs) : noBus(servers)
      const reason = error._tag === "BusRefused" ? error.message : unavailable
      return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
    })
  )
}

const lookEveryMs = 100

/**
 * Runs what only makes sense while there is a bus; fails where that has been away for `waitMs` in the middle
 * of it.
 */
export const whileThere = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  { servers, waitMs }: Pick<BusChoice, "servers" | "waitMs">
): Effect.Effect<A, E | CommandFailed, R | Bus> => {
  const watch = Effect.gen(function* () {
    const bus = yield* Bus
    for (let awayMs = 0; awayMs < waitMs; ) {
      yield* Effect.sleep(lookEveryMs)
      awayMs = bus.status() === "Connected" ? 0 : awayMs + lookEveryMs
    }
    const reason = `the bus at ${servers.join(", ")} went away and did not come back within ${waitMs} ms`
    return yield* new CommandFailed({ reason, exitCode: exitCodes.unavailable })
  })
  return Effect.raceFirst(program, watch)
}

export const busLayer = (choice: BusChoice): Layer.Layer<Bus, CommandFailed | BadBusOptions> =>
  Layer.effect(Bus, connectBus(choice))
