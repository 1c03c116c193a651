/**
 * Who is not in the active configuration of a group learns by itself: it asks the leader what is chosen, and
 * whether it is outside, for as long as it is.
 */
import { Effect, Latch } from "effect"
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import { type Configuration, isAcceptorOf, isNewer, newerOf } from "../../protocol/configuration.ts"
import { type GroupId, NodeId, noSlot, type Slot, slotPlus } from "../../protocol/ids.ts"
import { runsLast } from "../../protocol/log/run.ts"
import { isOutside, type Learned } from "../../protocol/membership/outsider.ts"
import type { Accept } from "../../protocol/messages.ts"
import { buggify, knob } from "../../runtime/buggify.ts"
import type { CaughtUp } from "../../wire/catch-up-codec.ts"
import type { NodeContext } from "../node/context.ts"
import { type AskOptions, askCatchUp } from "./catch-up.ts"

export interface OutsiderOptions {
  readonly context: NodeContext
  readonly group: GroupId
  /** The other nodes that hold the group, asked in turn until one names the leader. */
  readonly sources: ReadonlyArray<string>
  /**
   * Whether the configuration of the node makes it an acceptor from the start: then it does not ask at once.
   */
  readonly votesAtFirst: boolean
  readonly acceptor: () => AcceptorState
  readonly learn: (learned: Learned) => void
  /** Where the log of the acceptor ends. */
  readonly last: () => Slot
  /**
   * Pulls a snapshot from a node and begins the log behind it; false where nothing came of it. It never
   * fails: it tells by itself.
   */
  readonly install: (node: NodeId, active: Configuration | undefined) => Effect.Effect<boolean>
}

const askTimeoutMs = 1000
const chunkBytes = 512 * 1024
/** How long an acceptor hears nothing before it asks whether it still is one. */
const lookEveryMs = knob("outsider-look-ms", 1000, { min: 50, max: 2000 })
/** In a group that rests it looks so many times less often. */
const quietLooks = 10
/** How often the leader is asked before somebody else is. */
const asksOfLeader = 3
/** Between two questions to which there was nothing new: from the least, doubled each time, to the most. */
const pauseMinMs = 20
const pauseMaxMs = knob("outsider-pause-ms", 1000, { min: 50, max: 2000 })

/** Learns for a replica while that is outside. */
export class Outsider {
  readonly #options: OutsiderOptions
  readonly #asking: AskOptions
  readonly #somethingNew = Latch.makeUnsafe(false)
  readonly #stirred = Latch.makeUnsafe(false)
  /** Its group rests: as long as it does, it looks less often. */
  #isQuiet = false
  #isHeard = false
  /**
   * Some Accept since the last look went on from where this log reaches. If none does, its leader may not
   * reach back to what is missing.
   */
  #isLevel = false
  #active: Configuration | undefined
  #turn = 0
  #pauseMs = pauseMinMs

  constructor(options: OutsiderOptions) {
    this.#options = options
    const { self, bus, subjects, codec } = options.context
    this.#asking = { self, bus, subjects, codec, group: options.group, timeoutMs: askTimeoutMs }
  }

  /** The newest configuration that was active, as far as others have told. */
  get active(): Configuration | undefined {
    return this.#active
  }

  /** To be told of each Accept that reaches this node, whether it is for it or not. */
  heard({ configuration, chosen, prevSlot }: Pick<Accept, "configuration" | "chosen" | "prevSlot">): void {
    this.#isHeard = true
    if (this.#isQuiet) {
      this.#isQuiet = false
      this.#stirred.openUnsafe()
    }
    this.#isLevel ||= prevSlot <= this.#options.last()
    if (chosen > noSlot) this.#note(configuration)
    if (chosen > this.#options.acceptor().chosen) this.#somethingNew.openUnsafe()
  }

  /** To be told when this replica votes, is led, and has all there is. */
  contented(): void {
    this.#isHeard = true
    this.#isLevel = true
    this.#isQuiet = true
  }

  /** To be told when it may lack something, or may vote no longer. */
  doubts(): void {
    this.#isHeard = false
    this.#isQuiet = false
    this.#stirred.openUnsafe()
  }

  /** Asks for as long as it runs. */
  get run(): Effect.Effect<never> {
    const { sources, votesAtFirst } = this.#options
    if (sources.length === 0) return Effect.never
    const first = votesAtFirst ? Effect.sleep(lookEveryMs.value) : Effect.void
    return Effect.andThen(first, Effect.forever(Effect.suspend(() => this.#look())))
  }

  #look(): Effect.Effect<void> {
    if (this.#isVoting() && !buggify("an acceptor asks as if it were outside")) return this.#pauseOfVoter()
    return Effect.flatMap(this.#ask(), (isMore) => {
      if (isMore) {
        this.#pauseMs = pauseMinMs
        return Effect.void
      }
      this.#somethingNew.closeUnsafe()
      const pauseMs = this.#pauseMs
      this.#pauseMs = Math.min(pauseMs * 2, pauseMaxMs.value)
      return Effect.raceFirst(Effect.sleep(pauseMs), this.#somethingNew.await)
    })
  }

  #pauseOfVoter(): Effect.Effect<void> {
    if (!this.#isQuiet) return Effect.sleep(lookEveryMs.value)
    this.#stirred.closeUnsafe()
    return Effect.raceFirst(Effect.sleep(quietLooks * lookEveryMs.value), this.#stirred.await)
  }

  /** Whether its leader is heard of, and has it: the next generation may not, and nobody tells this one. */
  #isVoting(): boolean {
    const { acceptor, context } = this.#options
    const wasHeard = this.#isHeard && this.#isLevel
    this.#isHeard = false
    this.#isLevel = false
    const newest = newerOf(acceptor().configuration, this.#active)
    return wasHeard && newest !== undefined && isAcceptorOf(newest, context.self)
  }

  /** True where there was something to take, so that there may be more. */
  #ask(): Effect.Effect<boolean> {
    const fromSlot = slotPlus(this.#options.acceptor().chosen, 1)
    const source = this.#source()
    return Effect.flatMap(askCatchUp(this.#asking, source, fromSlot, chunkBytes), (answer) => {
      // Whoever does not answer is left for another; who has nothing new is asked a few times more.
      if (answer === undefined) return this.#nothing(this.#nextRound())
      if (answer.first > fromSlot || buggify("a snapshot is pulled though entries would do")) {
        // What comes next was cut off there.
        this.#note(answer.active)
        return Effect.flatMap(this.#options.install(source, this.#active), (isInstalled) =>
          isInstalled ? this.#something() : this.#nothing(this.#nextRound())
        )
      }
      return this.#take(answer, fromSlot) ? this.#something() : this.#nothing(this.#turn + 1)
    })
  }

  /** Goes on with the leader, whoever has told it: the leader takes in only who asks it. */
  #something(): Effect.Effect<boolean> {
    if (this.#turn % (asksOfLeader + 1) === asksOfLeader) this.#turn++
    return Effect.succeed(true)
  }

  /**
   * The leader, as far as it is known: it can tell most, and is to know who could be taken in. Now and then
   * another one, for it may lead no longer.
   */
  #source(): NodeId {
    const { sources, context } = this.#options
    const leader = this.#active?.leader.node
    const round = Math.floor(this.#turn / (asksOfLeader + 1))
    const asksLeader = this.#turn % (asksOfLeader + 1) < asksOfLeader
    return asksLeader && leader !== undefined && leader !== context.self.node
      ? leader
      : NodeId(sources[round % sources.length]!)
  }

  #nothing(turn: number): Effect.Effect<boolean> {
    this.#turn = turn
    return Effect.succeed(false)
  }

  /** The turn at which another one than the leader is asked; the one behind it, if that was this turn. */
  #nextRound(): number {
    const inRound = this.#turn % (asksOfLeader + 1)
    return inRound < asksOfLeader ? this.#turn - inRound + asksOfLeader : this.#turn + 1
  }

  #take(answer: CaughtUp, fromSlot: Slot): boolean {
    const { acceptor, learn } = this.#options
    const { runs } = answer
    this.#note(answer.active)
    const active = this.#active
    if (active === undefined || !isOutside(acceptor(), active)) return false
    // A node has more than it says is chosen; nothing but that is taken.
    if (runsLast(runs, noSlot) > answer.chosen) return false
    if (runs.length > 0 || active.ballot > acceptor().promised)
      learn({ _tag: "Learned", active, first: fromSlot, runs })
    return runs.length > 0
  }

  #note(configuration: Configuration | undefined): void {
    const active = this.#active
    if (configuration === undefined) return
    if (active === undefined || isNewer(configuration, active)) this.#active = configuration
  }
}
