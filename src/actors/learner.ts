/**
 * The learner of a group as an actor: applies what is chosen, in slot order, and answers clients where its
 * node leads.
 */
import { Effect } from "effect"
import type { GroupId, SessionId, Slot } from "../protocol/ids.ts"
import { slotMax, slotPlus } from "../protocol/ids.ts"
import { type AnyMachine, misfit } from "../protocol/learner/machine.ts"
import { previewRun } from "../protocol/learner/preview.ts"
import {
  type Answers,
  applyRun,
  type DecodeCommand,
  type ReplicaState,
  replaceReplica
} from "../protocol/learner/replica.ts"
import type { Run } from "../protocol/log/run.ts"
import type { CommandResult, LocalQuery } from "../protocol/messages.ts"
import type { Free } from "../protocol/step.ts"
import type { ActorHandle } from "../runtime/actor-handle.ts"
import { spawnBatch } from "../runtime/actor-spawn.ts"
import { buggify } from "../runtime/buggify.ts"
import { unpack } from "../runtime/codec.ts"
import { crash } from "../runtime/supervisor.ts"
import { type AnswerCell, outcomes } from "../wire/client-codec.ts"
import { Answering, type AnsweringOptions, type LeaderAnswer } from "./answers/answering.ts"
import { Foreteller } from "./answers/foreteller.ts"
import type { NodeContext } from "./node/context.ts"

interface Apply {
  readonly _tag: "Apply"
  readonly through: Slot
  readonly answer: boolean
}

export type LearnerMessage =
  | Apply
  /**
   * A snapshot from elsewhere. `install` begins the log behind it, and says whether it did: only here,
   * between two runs, does nobody read what it cuts off.
   */
  | {
      readonly _tag: "Install"
      readonly by: ReplicaState
      readonly install: () => boolean
      readonly done: (isInstalled: boolean) => void
    }
  /** The client of a command that waits for its last acceptors may be told what it will come to. */
  | Foretell
  /** Somebody needs a snapshot now. */
  | { readonly _tag: "Consider" }
  | LeaderAnswer
  | LocalQuery
  /** Clients that were foretold their results had time enough to show that they know them. */
  | { readonly _tag: "SendWithheld" }
  /** Somebody has waited long enough. */
  | { readonly _tag: "AnswerAgain" }

type Foretell = Extract<Free, { readonly _tag: "Foretell" }>

export interface LearnerOptions extends Pick<AnsweringOptions, "leads" | "askByRound"> {
  readonly name: string
  readonly group: GroupId
  readonly machine: AnyMachine
  readonly replica: ReplicaState
  readonly context: NodeContext
  /** Chosen entries, from `from` on, at most through `through`; about `maxBytes`. */
  readonly read: (from: Slot, through: Slot, maxBytes: number) => ReadonlyArray<Run>
  /** Called between two runs, when some were applied or a snapshot is asked for. */
  readonly consider: (replica: ReplicaState) => void
}

const chunkMaxBytes = 1024 * 1024

/** All that is to be applied, however often that is said while the learner is busy. */
class Due {
  #apply: Apply | undefined

  /** True where nothing was due before. */
  add(apply: Apply): boolean {
    const before = this.#apply
    const through = slotMax(apply.through, before?.through ?? apply.through)
    this.#apply = { _tag: "Apply", through, answer: apply.answer || before?.answer === true }
    return before === undefined
  }

  take(): Apply | undefined {
    const apply = this.#apply
    this.#apply = undefined
    return apply
  }
}

/** Reads commands of a machine; the same on every replica, for it depends on the bytes alone. */
const commandDecoder = (machine: AnyMachine): DecodeCommand => {
  const { decode } = machine.forms.command
  return (bytes) => decode(unpack(bytes))
}

/**
 * Spawns the learner. `replica` is its state, changed by nobody else. `learn` tells it something, and says
 * whether it has room for that; for what is to be applied it always has.
 */
export const spawnLearner = Effect.fnUntraced(function* (options: LearnerOptions) {
  const { machine, replica, context, group } = options
  const decode = commandDecoder(machine)
  const answering = new Answering({ ...options, ask: (bytes) => ask(machine, replica, bytes) })
  const foreteller = new Foreteller(context, group)
  let results = new Map<SessionId, Array<unknown>>()
  const due = new Due()
  const answers: Answers = {
    result: (result) => gather(results, machine, result),
    opened: ({ client, session }) => context.toClient(client, group, { _tag: "Opened", client, session })
  }

  const applyChunk = (through: Slot, answer: boolean): void => {
    for (const run of options.read(slotPlus(replica.applied, 1), through, chunkMaxBytes))
      applyRun(replica, machine, decode, run, answer ? answers : undefined)
    for (const [session, flat] of results) foreteller.send(session, flat)
    // Not cleared: the tables of a map that often is keep each other alive (decision 22).
    if (results.size > 0) results = new Map()
    foreteller.forget(replica.sessions)
    options.consider(replica)
  }

  // A replica that starts with a long log applies for seconds: the others of this process get their turn in
  // between.
  const applyAll = (through: Slot, answer: boolean): Effect.Effect<void> | undefined => {
    if (replica.applied < through) applyChunk(through, answer)
    if (replica.applied >= through && !buggify("learner yields though it has applied all")) return undefined
    return Effect.suspend(() => Effect.andThen(Effect.yieldNow, applyAll(through, answer) ?? Effect.void))
  }

  const actor = yield* spawnBatch<LearnerMessage>({
    name: options.name,
    mailbox: { capacity: 65_536 },
    supervision: crash,
    receive: (batch, { timers }) => {
      const { through = replica.applied, answer = false } = due.take() ?? {}
      let foretells: Foretell | undefined
      for (const message of batch) {
        if (message._tag === "Answer") answering.led(message)
        else if (message._tag === "LocalQuery") answering.local(message)
        else if (message._tag === "Install") message.done(install(replica, message.by, message.install))
        else if (message._tag === "Consider") options.consider(replica)
        else if (message._tag === "Foretell") foretells = message
        else if (message._tag === "SendWithheld") foreteller.sendAll()
      }
      const answerAll = () => {
        if (foretells !== undefined) {
          foretell(options, decode, foreteller, foretells)
          if (!timers.has("withheld")) timers.set("withheld", foreteller.inMs, { _tag: "SendWithheld" })
        }
        const rest = answering.answer()
        const { inMs } = answering
        if (inMs !== undefined) timers.set("answer", inMs, { _tag: "AnswerAgain" })
        return rest
      }
      const rest = applyAll(through, answer)
      return rest === undefined
        ? answerAll()
        : Effect.andThen(
            rest,
            Effect.suspend(() => answerAll() ?? Effect.void)
          )
    }
  })
  return { actor, learn: telling(actor, due) }
})

const telling =
  (actor: ActorHandle<LearnerMessage>, due: Due) =>
  (message: LearnerMessage): boolean => {
    if (message._tag !== "Apply") return actor.offerControlUnsafe(message)
    // Where there is no room for this word, others wait, and what is due is seen with them.
    if (due.add(message)) actor.offerControlUnsafe(message)
    return true
  }

/** Tells a client what its command will come to; whatever has been chosen by now is answered as ever. */
const foretell = (
  { replica, machine, read }: LearnerOptions,
  decode: DecodeCommand,
  foreteller: Foreteller,
  { slot, configuration }: Foretell
): void => {
  if (replica.applied !== slotPlus(slot, -1)) return
  const [run] = read(slot, slot, chunkMaxBytes)
  const foreseen = run && previewRun(replica, machine, decode, run)
  if (foreseen === undefined) return
  const flat: Array<unknown> = []
  pushResult(flat, machine, foreseen.result)
  foreteller.tell(foreseen, flat, configuration)
}

/** Only if it is further on, and the log takes it. */
const install = (replica: ReplicaState, by: ReplicaState, intoLog: () => boolean): boolean => {
  const isInstalled = by.applied > replica.applied && intoLog()
  if (isInstalled) replaceReplica(replica, by)
  return isInstalled
}

const gather = (
  results: Map<SessionId, Array<unknown>>,
  machine: AnyMachine,
  result: CommandResult
): void => {
  let flat = results.get(result.session)
  if (flat === undefined) {
    flat = []
    results.set(result.session, flat)
  }
  pushResult(flat, machine, result)
}

/** Adds a result as it stands among the results of its session. */
const pushResult = (
  flat: Array<unknown>,
  machine: AnyMachine,
  { number, slot, outcome, reply }: CommandResult
): void => {
  flat.push(number, slot, outcomes.indexOf(outcome))
  flat.push(outcome === "done" ? machine.forms.reply.encode(reply) : null)
}

const ask = (machine: AnyMachine, replica: ReplicaState, bytes: Uint8Array): AnswerCell => {
  const question = machine.forms.question.decode(unpack(bytes))
  if (question === misfit) return "bad-question"
  return [machine.forms.answer.encode(machine.answer(replica.machine, question))]
}
