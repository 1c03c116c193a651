/** Clients of the world's cluster, whose commands go through the ledger. */
import { Effect } from "effect"
import type { QuestionFailure } from "../../client/errors.ts"
import { type Replicated, replicated } from "../../client/replicated.ts"
import type { Machine } from "../../protocol/learner/machine.ts"
import { pack } from "../../runtime/codec.ts"
import { clusterName, groupName } from "../cluster.ts"
import { wideHash } from "../oracle/ledger.ts"
import type { World } from "../world.ts"
import type { Workload } from "./workload.ts"

/** Makes the workload of one run: draws its shape from the random stream of the world. */
export type WorkloadMaker = (world: World) => Workload

/** Clients of one machine, whose commands go through the ledger. */
export interface LedgerClient<Command, Reply, Question, Answer> {
  /** The group that it is connected to. */
  readonly group: string
  /** Submits; `unique` says that this very command is submitted only once in the run. */
  readonly submit: (
    command: Command,
    options: { readonly timeoutMs: number; readonly unique: boolean }
  ) => ReturnType<Replicated<Command, Reply, Question, Answer>["submit"]>
  /** Asks, and says as of which slot the answer is. */
  readonly ask: (
    question: Question,
    timeoutMs: number
  ) => Effect.Effect<{ readonly answer: Answer; readonly slot: number }, QuestionFailure>
  /** The same of any replica, if the options say so. */
  readonly askAt: Replicated<Command, Reply, Question, Answer>["askAt"]
  /**
   * A call of this client that must end in time, and what is made of it. It begins here: what comes back is
   * to be run at once.
   */
  readonly inTime: <A, E, B, C>(
    timeoutMs: number,
    call: Effect.Effect<A, E>,
    ends: { readonly onSuccess: (value: A) => B; readonly onFailure: (failure: E) => C }
  ) => Effect.Effect<B | C>
}

/** Throws where a workload whose clients ask a cluster is in a simulation without one. */
export const expectCluster = (world: World, workload: string): void => {
  if (world.cluster === undefined)
    throw new Error(`the clients of "${workload}" ask a cluster: say .cluster(...), or leave them out`)
}

/** Connects a client to a group of the world's cluster, the first one where none is named. */
export const ledgerClient = Effect.fnUntraced(function* <State, Command, Reply, Question, Answer>(
  world: World,
  machine: Machine<State, Command, Reply, Question, Answer>,
  group: string = groupName
) {
  expectCluster(world, world.acting.name)
  const connected = yield* replicated({ cluster: clusterName, group, machine })
  const { ledger } = world
  const caller = world.acting.caller(group)
  ledger.callers.byClient.set(connected.client.id, caller)
  const { forms } = machine
  const client: LedgerClient<Command, Reply, Question, Answer> = {
    group,
    submit: (command, { timeoutMs, unique }) =>
      Effect.suspend(() => {
        const bytes = pack(forms.command.encode(command))
        const hash = unique ? ledger.intend(group, bytes) : wideHash(bytes)
        return Effect.tap(connected.submit(command, { timeoutMs }), ({ slot }) =>
          Effect.sync(() => ledger.acknowledge(group, slot, hash))
        )
      }),
    ask: (question, timeoutMs) => connected.askAt(question, { timeoutMs }),
    askAt: connected.askAt,
    // Handlers that a caller has in any case: an operation more would move where fibers are preempted.
    inTime: (timeoutMs, call, ends) => {
      const ended = ledger.callers.begin(caller, timeoutMs)
      return Effect.match(call, {
        onSuccess: (value) => {
          ended()
          return ends.onSuccess(value)
        },
        onFailure: (failure) => {
          ended()
          return ends.onFailure(failure)
        }
      })
    }
  }
  return client
})
