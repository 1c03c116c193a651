/** `aplomb transfer`, `drain`, `undrain` and `replace`: who leads a group, and who votes in it. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type Operated, type OperationFailure, operatorsOf } from "../client/operators.ts"
import { busWaitMs, connectBus } from "./bus.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { clusterFlags, groupFlags, isName, jsonFlag, nameExpected, timeoutFlag } from "./flags.ts"
import { print, printJson } from "./output.ts"
import { sayWhy } from "./whereabouts.ts"

const nodeArgument = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.filter(isName, nameExpected), Argument.withDescription(description))

const toFlag = Flag.String("to").pipe(
  Flag.filter(isName, nameExpected),
  Flag.withMetavar("node"),
  Flag.withDescription("The acceptor that is to lead")
)

const timeout = timeoutFlag(30_000)

interface Where {
  readonly servers: ReadonlyArray<string>
  readonly cluster: string
  readonly timeout: number
  readonly json: boolean
}

const stands = ({ group, leader, acceptors }: Operated): string =>
  leader === undefined
    ? `group ${group}: done`
    : `group ${group}: ${leader} leads, acceptors ${acceptors.join(", ")}`

const failed = (error: OperationFailure | CommandFailed): CommandFailed => {
  if (error._tag === "CommandFailed") return error
  const exitCode = error._tag === "OperationRefused" ? exitCodes.no : exitCodes.unavailable
  return new CommandFailed({ reason: error.message, exitCode })
}

/** Has something done, in the one group or in all, and tells how the groups stand then. */
const operating = Effect.fnUntraced(function* (
  where: Where,
  group: string | undefined,
  operate: (
    operators: ReturnType<typeof operatorsOf>,
    options: { readonly timeoutMs: number }
  ) => Effect.Effect<ReadonlyArray<Operated>, OperationFailure>
) {
  const { servers, cluster, timeout: timeoutMs, json } = where
  const bus = yield* connectBus({ servers, name: "aplomb operator", waitMs: busWaitMs(timeoutMs) })
  const operating = operate(operatorsOf(bus, cluster), { timeoutMs })
  const said = sayWhy(operating, group === undefined ? where : { ...where, group })
  const operated = yield* Effect.mapError(said, failed)
  yield* json ? printJson(operated) : print(operated.map(stands).join("\n"))
}, Effect.scoped)

const one = (operated: Effect.Effect<Operated, OperationFailure>) => Effect.map(operated, (group) => [group])

export const transferCommand = Command.make(
  "transfer",
  { ...groupFlags, to: toFlag, timeout, json: jsonFlag },
  ({ group, to, ...where }) =>
    operating(where, group, (operators, options) => one(operators.transfer(group, to, options)))
).pipe(Command.withDescription("Have another acceptor lead a group"))

export const drainCommand = Command.make(
  "drain",
  { ...clusterFlags, node: nodeArgument("node", "Name of the node"), timeout, json: jsonFlag },
  ({ node, ...where }) => operating(where, undefined, (operators, options) => operators.drain(node, options))
).pipe(Command.withDescription("Take a node out of all groups, and keep it out"))

export const undrainCommand = Command.make(
  "undrain",
  { ...clusterFlags, node: nodeArgument("node", "Name of the node"), timeout, json: jsonFlag },
  ({ node, ...where }) =>
    operating(where, undefined, (operators, options) => operators.undrain(node, options))
).pipe(Command.withDescription("Let a drained node be taken in again"))

export const replaceCommand = Command.make(
  "replace",
  {
    ...groupFlags,
    old: nodeArgument("old", "The acceptor that is to go"),
    by: nodeArgument("new", "The spare that is to take its place"),
    timeout,
    json: jsonFlag
  },
  ({ group, old, by, ...where }) =>
    operating(where, group, (operators, options) => one(operators.replace(group, old, by, options)))
).pipe(Command.withDescription("Make a spare an acceptor in the place of another node"))
